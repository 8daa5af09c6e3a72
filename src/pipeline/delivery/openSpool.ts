import type { Issue } from '../../contracts/index.js'
import { messageOf } from '../../errors/messageOf.js'
import type { Delivery } from './deliveryOf.js'
import { Spool } from './Spool.js'

/**
 * The spool of the sink of this name; `undefined` for none. Rejects with FSFLOW_SPOOL when one was declared and cannot
 * be had; one that would be there by default is done without, which is reported.
 */
export async function openSpool(
  name: string,
  { spool, isDeclared, unspooled }: Delivery,
  report: (issue: Issue) => void,
): Promise<Spool | undefined> {
  try {
    if (unspooled !== undefined) throw unspooled
    return spool && (await Spool.open(spool.path, spool.size, report))
  } catch (cause) {
    if (isDeclared) throw cause
    const message = `the sink ${name} does without a spool: ${messageOf(cause)}`
    const hint =
      'While it is down, events wait in memory only. With deliver you can give it a spool of its own.'
    report({ code: 'FSFLOW_SPOOL', message, hint, cause })
    return undefined
  }
}
