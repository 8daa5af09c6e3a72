import {
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  type KeyPair,
} from '@nats-io/jwt'

export interface NatsRights {
  readonly publish: string[]
  readonly subscribe: string[]
}

const ALL: NatsRights = { publish: ['>'], subscribe: ['>'] }
const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
const traffic = { subs: -1, data: -1, payload: -1, conn: -1, leaf: -1, imports: -1, exports: -1 }

/** An operator with one account, as nsc makes them: who has a file of credentials of it may log in. */
export class NatsOperator {
  /** For the configuration of a server. */
  readonly config: string
  readonly #account: KeyPair

  private constructor(config: string, account: KeyPair) {
    this.config = config
    this.#account = account
  }

  static async create(): Promise<NatsOperator> {
    const operator = createOperator()
    const [system, account] = [createAccount(), createAccount()]
    const signer = { signer: operator }
    const systemToken = await encodeAccount('SYS', system, {}, signer)
    const token = await encodeAccount(
      'FILES',
      account,
      { limits: { ...storage, ...traffic, wildcards: true } },
      signer,
    )
    const config = `
      operator: ${await encodeOperator('tests', operator)}
      system_account: ${system.getPublicKey()}
      resolver: MEMORY
      resolver_preload: {
        ${system.getPublicKey()}: ${systemToken}
        ${account.getPublicKey()}: ${token}
      }`
    return new NatsOperator(config, account)
  }

  /** What stands in a file of credentials: a token of the user and the seed of its key. */
  async credentials(name: string, { publish, subscribe }: NatsRights = ALL): Promise<string> {
    const user = createUser()
    const rights = { pub: { allow: publish }, sub: { allow: subscribe } }
    const file = fmtCreds(await encodeUser(name, user, this.#account, rights), user)
    return new TextDecoder().decode(file)
  }
}
