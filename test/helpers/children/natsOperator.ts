// Makes an operator with an account and users of it, and a stranger of another one: prints what the server is to be
// told, and what stands in the files of credentials. A process of its own, for a test environment signs slowly.
import { NatsOperator, type NatsRights } from '../natsOperator.js'

const users = JSON.parse(process.argv[2]!) as Record<string, NatsRights | undefined>
const [operator, other] = [await NatsOperator.create(), await NatsOperator.create()]
const credentials: Record<string, string> = { stranger: await other.credentials('stranger') }
for (const [name, rights] of Object.entries(users)) {
  credentials[name] = await operator.credentials(name, rights)
}
process.stdout.write(JSON.stringify({ config: operator.config, credentials }))
