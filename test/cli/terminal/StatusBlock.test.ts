import { expect, it } from '@jest/globals'
import { StatusBlock } from '../../../src/cli/terminal/StatusBlock.js'

const terminal = (columns = 10) => {
  const written: string[] = []
  return { isTTY: true, columns, write: (text: string) => written.push(text), written }
}

it('writes over itself within the width of the terminal, and goes away', () => {
  const screen = terminal()
  const block = new StatusBlock(screen)
  block.clear()
  block.show(['0123456789', 'b'])
  block.show(['c'])
  block.clear()
  block.clear()
  expect(screen.written).toEqual([
    '012345678\u001b[K\nb\u001b[K\n\u001b[J',
    '\u001b[2A\rc\u001b[K\n\u001b[J',
    '\u001b[1A\r\u001b[J',
  ])
})

it('stays, when it is left', () => {
  const screen = terminal(0)
  const block = new StatusBlock(screen)
  block.show(['x'.repeat(100)])
  block.leave()
  block.show(['y'])
  expect(screen.written).toEqual([`${'x'.repeat(79)}\u001b[K\n\u001b[J`, 'y\u001b[K\n\u001b[J'])
})
