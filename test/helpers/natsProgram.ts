import { program } from './requirements.js'

/** What serves NATS, as Debian has it. */
export const natsProgram = program('nats-server')
