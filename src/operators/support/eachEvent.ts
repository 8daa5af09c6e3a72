import { describeOperator, type Operator, type OperatorInfo } from '../../contracts/index.js'
import { handleEvents } from './handleEvents.js'

/** An operator that `each`, `after` or both describe. */
export function eachEvent(info: OperatorInfo): Operator {
  const { each, after } = info
  return describeOperator(
    info,
    handleEvents((output) => ({
      next(event) {
        const passed = each === undefined ? event : each(event)
        if (passed === undefined) return
        const act = after?.(passed)
        output.next(passed)
        if (!output.closed) act?.()
      },
    })),
  )
}
