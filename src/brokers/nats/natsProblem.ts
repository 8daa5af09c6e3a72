import { messageOf } from '../../errors/messageOf.js'

/** What went wrong between here and the servers. */
export interface NatsProblem {
  readonly text: string
  /** True when another attempt would end the same, until somebody changes a setting, here or there. */
  readonly isFinal: boolean
  /** True when no connection could be made, or it was lost. */
  readonly isUnreachable: boolean
  readonly hint?: string
  readonly cause: unknown
}

/** A file that was named in the options and cannot be used. */
export class NatsFileError extends Error {}

/** A stream or a consumer that is not what it is to be. */
export class NatsSetupError extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Codes of JetStream that tell of a setting: the stream is another one, a message is too large for it. */
const finalCodes: ReadonlySet<number> = new Set([10054, 10060])
const NOT_ENABLED = new Set([10039, 10076])

// By name, for the client may be another copy than the one that is looked for here.
function find(error: unknown, name: string): Error | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at.name === name) return at
  return undefined
}

/** An error of the client, or of this folder, in words. */
export function natsProblem(error: unknown, where: string): NatsProblem {
  const told = (text: string, kind: 'final' | 'passing' | 'unreachable', hint?: string): NatsProblem => ({
    text,
    isFinal: kind === 'final',
    isUnreachable: kind === 'unreachable',
    ...(hint !== undefined && { hint }),
    cause: error,
  })
  if (error instanceof NatsSetupError) return told(error.message, 'final', error.hint)
  if (error instanceof NatsFileError) return told(error.message, 'final')
  const denied = find(error, 'PermissionViolationError')
  if (denied !== undefined) {
    const hint = 'Give the user the permission at the server, or use another one.'
    return told(`the server refuses it: ${denied.message}`, 'final', hint)
  }
  const rejected = find(error, 'AuthorizationError') ?? find(error, 'UserAuthenticationExpiredError')
  if (rejected !== undefined) {
    const hint =
      'Check user and pass, token, or credentials: the server takes none but those that it was set up with.'
    return told(`${where} rejects the login: ${rejected.message}`, 'final', hint)
  }
  const { code, status } = error as { readonly code?: unknown; readonly status?: unknown }
  if (
    find(error, 'JetStreamNotEnabled') !== undefined ||
    NOT_ENABLED.has(Number(code)) ||
    isUnanswered(error)
  ) {
    const hint = 'Start the server with JetStream (nats-server --jetstream), and allow it for the account.'
    return told(`${where} has no JetStream, or no such stream`, 'passing', hint)
  }
  if (typeof code === 'number' && typeof status === 'number') {
    const isFinal = finalCodes.has(code) || status === 403
    return told(`the server answers: ${messageOf(error)} (${code})`, isFinal ? 'final' : 'passing')
  }
  if (find(error, 'InvalidArgumentError') !== undefined) return told(messageOf(error), 'final')
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(String(code)) || isTls(error)) {
    const hint = 'Give tls: { ca } with the certificate that has signed that of the server.'
    return told(`no encrypted connection to ${where}: ${reasonOf(error)}`, 'final', hint)
  }
  return told(
    `cannot reach ${where}: ${reasonOf(error)}`,
    'unreachable',
    'Is the server running, and the address right?',
  )
}

function isUnanswered(error: unknown): boolean {
  return find(error, 'NoRespondersError') !== undefined
}

function isTls(error: unknown): boolean {
  return /does not support 'tls'|is not available on this server/.test(messageOf(error))
}

function reasonOf(error: unknown): string {
  // Of several addresses of a name, the errors are in a list, and the message is empty.
  const { errors } = error as { readonly errors?: readonly unknown[] }
  return messageOf(error) || messageOf(errors?.[0] ?? 'the connection failed')
}
