import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { eventGroups, eventSchema, eventTypes, fromWire, isControlType } from '../../src/events/index.js'

// Compiled tests lie three folders below the root of the repository.
const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8')

// The code words in the first cell of each row below a heading.
function firstCells(from: string, to: string): string[] {
  const part = page.slice(page.indexOf(from), page.indexOf(to, page.indexOf(from) + 1))
  return part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`(\w+)`/g)].map((match) => match[1]!))
}

describe('docs/events.md', () => {
  it('describes every event type', () => {
    const files = firstCells('About a file', 'About the stream')
    const stream = firstCells('About the stream', 'Named groups')
    expect([...files].sort()).toEqual(eventTypes.filter((type) => !isControlType(type)).sort())
    expect([...stream].sort()).toEqual(eventTypes.filter(isControlType).sort())
  })

  it('lists what is in each group', () => {
    for (const [name, types] of Object.entries(eventGroups)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``))!
      expect(row).toContain(name === 'all' ? 'every type' : `\`${types.join(' ')}\``)
    }
    expect(firstCells('Named groups', '## Wire format')).toEqual(Object.keys(eventGroups))
  })

  it('lists the fields of the wire format in their order', () => {
    const { file_metadata, process_details, content_preview, control_details } = eventSchema.properties
    expect(firstCells('## Wire format', '`file_metadata`:')).toEqual(Object.keys(eventSchema.properties))
    expect(firstCells('`file_metadata`:', '`process_details`.')).toEqual(
      Object.keys(file_metadata.properties),
    )
    const ofProcess = firstCells('`process_details`.', '\n`content_preview`.')
    expect([...ofProcess].sort()).toEqual(Object.keys(process_details.properties).sort())
    expect(firstCells('\n`content_preview`.', '\n`control_details`:')).toEqual(
      Object.keys(content_preview.properties),
    )
    expect(firstCells('\n`control_details`:', '```json')).toEqual(Object.keys(control_details.properties))
  })

  it('explains every code that a source, a sink or the pipeline puts into the stream', () => {
    const codes = new Set<string>()
    const files = [
      'sources/InotifyRun',
      'sources/InotifyEvents',
      'sources/InotifyControls',
      'sources/FanotifyRun',
      'sources/FanotifyEvents',
      'sources/AutoRun',
      'sources/support/MountDecisions',
      'sources/trail/ReplayRun',
      'sources/trail/Retelling',
      'sources/nats/BrokenMessages',
      'sources/nats/Waiting',
    ]
    for (const file of [...files, 'pipeline/delivery/LaneQueue', 'pipeline/eventStream']) {
      const text = readFileSync(new URL(`../../../src/${file}.ts`, import.meta.url), 'utf8')
      for (const [, code] of text.matchAll(/'(FSFLOW_\w+)'/g)) codes.add(code!)
    }
    expect(firstCells('## Codes of control events', '## Names').sort()).toEqual([...codes].sort())
  })

  it('shows examples that are events', () => {
    const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map((match) => match[1]!)
    expect(examples.length).toBeGreaterThan(1)
    for (const example of examples) {
      const wire: unknown = JSON.parse(example)
      expect(JSON.parse(JSON.stringify(fromWire(wire)))).toEqual(wire)
    }
  })
})
