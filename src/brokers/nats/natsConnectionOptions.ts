import { invalidOption } from '../../errors/index.js'

/** Where the servers are, and as whom to connect. */
export interface NatsConnectionOptions {
  /** Addresses such as `nats://broker:4222`, one or several of a cluster; `tls://` insists on encryption. */
  readonly servers: string | readonly string[]
  /** With `pass`: a name and a password. */
  readonly user?: string
  readonly pass?: string
  /** A token. */
  readonly token?: string
  /** The path of a credentials file (`.creds`), as nsc makes it. */
  readonly credentials?: string
  /** Insists on encryption: `true`, or paths of PEM files. */
  readonly tls?: boolean | NatsTlsOptions
  /** Milliseconds for a connection, and for an answer. Default 10000. */
  readonly timeout?: number
}

export interface NatsTlsOptions {
  /** Who has signed the server's certificate; default: those that Node.js knows. */
  readonly ca?: string
  /** With `key`: the certificate of this client. */
  readonly cert?: string
  readonly key?: string
}

/** Checked options of a connection. */
export interface NatsConnectionSettings {
  readonly servers: readonly string[]
  /** For messages: the addresses. */
  readonly where: string
  readonly login: NatsLogin
  /** `undefined`: encrypted when the server offers it. */
  readonly tls: NatsTlsOptions | undefined
  readonly timeout: number
}

export type NatsLogin =
  | { readonly user: string; readonly pass: string }
  | { readonly token: string }
  | { readonly credentials: string }
  | undefined

export const natsConnectionOptions = [
  'servers',
  'user',
  'pass',
  'token',
  'credentials',
  'tls',
  'timeout',
] as const

export const MAX_TIME = 2 ** 31 - 1

/** Throws FSFLOW_INVALID_OPTION; `owner` is the function that took the options. */
export function natsConnectionSettings(
  owner: string,
  options: NatsConnectionOptions,
): NatsConnectionSettings {
  const { timeout = 10_000 } = options
  requireWhole(owner, 'timeout', timeout, 1, MAX_TIME)
  const given: unknown = options.servers
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (list.length === 0) throw invalidOption(owner, 'servers', 'is empty')
  const servers = list.map((server) => serverOf(owner, server))
  const tls = tlsOf(owner, options.tls) ?? (servers.some(({ isSecure }) => isSecure) ? {} : undefined)
  if (options.tls === false && tls !== undefined) {
    throw invalidOption(owner, 'tls', 'is false, but a server is tls://')
  }
  return {
    servers: servers.map(({ address }) => address),
    where: servers.map(({ url }) => url).join(', '),
    login: loginOf(owner, options),
    tls,
    timeout,
  }
}

export function requireWhole(
  owner: string,
  option: string,
  value: unknown,
  least: number,
  most: number,
): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
  throw invalidOption(owner, option, `must be a whole number from ${least} to ${most}`)
}

export function requireText(owner: string, option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  const hint = 'If it comes from the environment: is that variable set?'
  throw invalidOption(owner, option, 'must be a text that is not empty', hint)
}

/** The name of a stream or a consumer, which is a part of subjects and of file names at the server. */
export function requireName(owner: string, option: string, value: unknown): string {
  if (typeof value === 'string' && /^[\w-]{1,200}$/.test(value)) return value
  throw invalidOption(owner, option, 'must be a name of letters, digits, _ and -')
}

function serverOf(owner: string, given: unknown): { address: string; url: string; isSecure: boolean } {
  const text = typeof given === 'string' && !given.includes('://') ? `nats://${given}` : given
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === ''
  if (!isPlain || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
    const hint = "For example 'nats://broker.example.org:4222', or tls:// for one that must be encrypted."
    throw invalidOption(owner, 'servers', 'must be addresses such as nats://HOST:PORT', hint)
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidOption(owner, 'servers', 'has a name or a password in it', 'Give user and pass, or token.')
  }
  const address = `${url.hostname}:${url.port === '' ? '4222' : url.port}`
  return { address, url: `${url.protocol}//${address}`, isSecure: url.protocol === 'tls:' }
}

function loginOf(owner: string, options: NatsConnectionOptions): NatsLogin {
  const { user, pass, token, credentials } = options
  const ways = [user ?? pass, token, credentials].filter((way) => way !== undefined)
  if (ways.length > 1) {
    throw invalidOption(owner, 'credentials', 'must be one of: user and pass, token, credentials')
  }
  if (user !== undefined || pass !== undefined) {
    return { user: requireText(owner, 'user', user), pass: requireText(owner, 'pass', pass) }
  }
  if (token !== undefined) return { token: requireText(owner, 'token', token) }
  if (credentials !== undefined) return { credentials: requireText(owner, 'credentials', credentials) }
  return undefined
}

function tlsOf(owner: string, given: unknown): NatsTlsOptions | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return {}
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(owner, 'tls', 'must be true, false, or an object with ca, cert and key')
  }
  for (const [key, path] of Object.entries(given)) {
    if (!['ca', 'cert', 'key'].includes(key)) {
      throw invalidOption(owner, `tls.${key}`, 'is not an option', 'The options are: ca, cert, key.')
    }
    if (path !== undefined) requireText(owner, `tls.${key}`, path)
  }
  const { ca, cert, key } = given as NatsTlsOptions
  if ((cert === undefined) !== (key === undefined)) {
    throw invalidOption(owner, 'tls', 'must have cert and key, or neither')
  }
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}
