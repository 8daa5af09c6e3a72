import { describe, expect, it } from '@jest/globals'
import { ProgressLine } from '../../../src/cli/terminal/ProgressLine.js'

describe('ProgressLine', () => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = []
    return { isTTY, columns: 10, write: (text: string) => written.push(text), written }
  }

  it('writes over itself within the width of the terminal, and goes away', () => {
    const screen = terminal(true)
    const line = new ProgressLine(screen)
    line.show('0123456789')
    line.show('ab')
    line.clear()
    line.clear()
    expect(screen.written).toEqual(['\r012345678\u001b[K', '\rab\u001b[K', '\r\u001b[K'])
  })

  it('takes a terminal of unknown width for one of 80 columns', () => {
    const screen = { ...terminal(true), columns: 0 }
    new ProgressLine(screen).show('x'.repeat(100))
    expect(screen.written).toEqual([`\r${'x'.repeat(79)}\u001b[K`])
  })

  it('writes nothing where there is no terminal', () => {
    const screen = terminal(false)
    const line = new ProgressLine(screen)
    line.show('text')
    line.clear()
    expect(screen.written).toEqual([])
  })
})
