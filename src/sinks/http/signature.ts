import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** The bytes of a secret: base64 behind `whsec_`, else the text itself. `undefined` when that base64 is none. */
export function secretBytes(secret: string): Buffer | undefined {
  if (!secret.startsWith(PREFIX)) return Buffer.from(secret)
  const text = secret.slice(PREFIX.length)
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
    ? bytes
    : undefined
}

/** The value of `webhook-signature`, as Standard Webhooks has it: HMAC-SHA256 of the id, the time and the body. */
export function signature(key: Buffer, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}
