import { describe, expect, it } from '@jest/globals'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import { eventGroups, eventTypes, isControlType, type EventType } from '../../src/events/index.js'
import { filterKinds } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('filterKinds', () => {
  it('lets only the named types pass', () => {
    const values = {
      c: fileEvent('CREATE /a'),
      m: fileEvent('MODIFY /a'),
      o: fileEvent('OPEN /a'),
      d: fileEvent('DELETE /a'),
    }
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --c--m--o--d--|', values)
      const subscription = '^-------------!'
      const expected = '    --c--------d--|'
      expectObservable(source.pipe(filterKinds('CREATE', 'DELETE'))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('takes groups', () => {
    const values = Object.fromEntries(
      eventTypes.map((type, index) => [
        String.fromCharCode(97 + index),
        fileEvent(isControlType(type) ? type : type === 'RENAME' ? 'RENAME /x -> /y' : `${type} /a`),
      ]),
    )
    const all = Object.keys(values).join('')
    const passing = Object.entries(values)
      .map(([letter, { eventType, isControl }]) =>
        isControl || (eventGroups.changes as readonly EventType[]).includes(eventType) ? letter : '-',
      )
      .join('')
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot(`${all}|`, values).pipe(filterKinds('changes'))).toBe(`${passing}|`, values)
    })
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot(`${all}|`, values).pipe(filterKinds('all'))).toBe(`${all}|`, values)
    })
  })

  it('wants from the source what is named and wanted later, and control events', () => {
    const { needsTypes } = operatorInfo(filterKinds('CREATE', 'OPEN'))
    expect(needsTypes?.(new Set(['CREATE', 'DELETE', 'OVERFLOW']))).toEqual(new Set(['CREATE', 'OVERFLOW']))
  })

  it('shows its names to the plan', () => {
    const info = operatorInfo(filterKinds('changes', 'OPEN'))
    expect(info).toMatchObject({
      name: 'filterKinds',
      options: { kinds: ['changes', 'OPEN'] },
      transparent: true,
    })
  })

  it.each([
    ['an unknown name', ['CREATE', 'WRITTEN'], 'kinds[1]', '"WRITTEN"'],
    ['a name in small letters', ['create'], 'kinds[0]', '"create"'],
    ['a name that only objects know', ['toString'], 'kinds[0]', '"toString"'],
    ['a list', [['CREATE']], 'kinds[0]', 'filterKinds(...list)'],
    ['a number', [7], 'kinds[0]', 'number'],
    ['nothing', [], 'kinds', 'empty'],
  ])('refuses %s', (_, kinds, path, message) => {
    const error = thrownBy(() => filterKinds(...(kinds as EventType[])))
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
    expect((error as FsflowError).message).toContain(message)
    expect((error as FsflowError).hint).toContain('CLOSE_WRITE')
    expect((error as FsflowError).hint).toContain('changes')
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => filterKinds('changes'))) it(name, run)
  })
})
