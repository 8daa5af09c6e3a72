import type { WireEvent } from '../../src/events/index.js'

/** Reads RFC 4180 strictly: CR LF after each record, quotes doubled, nothing outside quotes that needs them. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell: string
    if (text[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"/y
      quoted.lastIndex = at
      const match = quoted.exec(text)
      if (match === null) throw new Error(`an open quote at ${at}`)
      cell = match[1]!.replaceAll('""', '"')
      at = quoted.lastIndex
    } else {
      const plain = /[^",\r\n]*/y
      plain.lastIndex = at
      cell = plain.exec(text)![0]
      at = plain.lastIndex
    }
    row.push(cell)
    if (text[at] === ',') at += 1
    else if (text.startsWith('\r\n', at)) {
      rows.push(row)
      row = []
      at += 2
    } else throw new Error(`neither comma nor CR LF at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`)
  }
  if (row.length > 0) throw new Error('the last record has no end')
  return rows
}

const numbers =
  /^(timestamp_unix|seq|cookie|batch_id|batch_size|file_metadata\.(owner_uid|owner_gid|size|hard_links)|process_details\.(pid|ppid|uid|gid|cpu_usage|memory_rss|memory_vms|num_threads|io_stats\..*)|operation_details\.size_change)$/
const jsonCells =
  /^(is_directory|synthetic|merged|process_details\.(cmdline|open_files|environment|limits|ancestors|inferred)|content_preview\.(truncated|binary)|control_details\.counts)$/

function value(column: string, cell: string): unknown {
  if (numbers.test(column)) return Number(cell)
  return jsonCells.test(column) ? JSON.parse(cell) : cell
}

/** The wire objects that CSV tells of. An empty cell is an absent field. */
export function csvToWire(rows: readonly (readonly string[])[]): Record<string, unknown>[] {
  const [columns, ...records] = rows
  return records.map((record) => {
    if (record.length !== columns!.length)
      throw new Error(`${record.length} cells under ${columns!.length} columns`)
    const wire: Record<string, unknown> = {}
    for (const [index, cell] of record.entries()) {
      if (cell === '') continue
      const names = columns![index]!.split('.')
      const last = names.pop()!
      let target = wire
      for (const name of names) target = (target[name] ??= {}) as Record<string, unknown>
      target[last] = value(columns![index]!, cell)
    }
    if (wire.file_path === undefined) wire.file_path = ''
    return wire
  })
}

const dataKeys: ReadonlySet<string> = new Set(['environment', 'limits', 'counts'])

function withoutNothing(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
  const result: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(item)) {
    const told = dataKeys.has(key) ? (inner as unknown) : withoutNothing(inner)
    if (told !== null && told !== undefined && told !== '') result[key] = told
  }
  return Object.keys(result).length === 0 ? undefined : result
}

/** A wire object as CSV can tell it: without what is `null`, empty text, and objects with nothing else in them. */
export function asCsvTells(wire: WireEvent): unknown {
  return { file_path: wire.file_path, ...(withoutNothing(wire) as object) }
}
