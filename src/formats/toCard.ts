import {
  formatTimestamp,
  type ContentPreview,
  type ControlDetails,
  type FileEvent,
  type FileMetadata,
  type OperationDetails,
  type ProcessAncestor,
  type ProcessDetails,
} from '../events/index.js'
import { escapeControls } from './escapeControls.js'
import { checkTextOptions, toText, type TextOptions } from './toText.js'

type Value = string | number | readonly string[] | null | undefined
type Row = readonly [label: string, value: Value]

const notKnown = 'not known'
const labelWidth = 16

// One row, or one a line for a list; nothing for what was not asked for.
function row([label, value]: Row): string {
  if (value === undefined) return ''
  const lines = value === null ? [notKnown] : typeof value === 'object' ? value : [String(value)]
  return lines
    .map((line, index) => {
      const start = '    ' + (index === 0 ? label : '').padEnd(labelWidth)
      return (line === '' ? start.trimEnd() : start + escapeControls(line)) + '\n'
    })
    .join('')
}

// As a shell would take it, so that the end of each word can be seen.
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`
}

function section<T>(
  title: string,
  details: T | null | undefined,
  rows: (details: T) => readonly Row[],
  why = '',
): string {
  if (details === undefined) return ''
  if (details === null) return `  ${title}\n    ${notKnown}${why === '' ? '' : `: ${escapeControls(why)}`}\n`
  return `  ${title}\n${rows(details).map(row).join('')}`
}

function bytes(count: number | null | undefined): Value {
  return typeof count === 'number' ? `${count} bytes` : count
}

function named(name: string | null, id: number | null): string | null {
  if (id === null) return name
  return name === null ? String(id) : `${name} (${id})`
}

function eventRows(event: FileEvent): readonly Row[] {
  return [
    ['timestamp', formatTimestamp(event.timestampMicros)],
    ['seq', event.seq],
    ['source', event.source],
    ['cookie', event.cookie],
    ['synthetic', event.synthetic ? 'yes: a scan made it, not the kernel' : undefined],
    ['merged', event.merged ? 'yes: several changes in one record, their order is inferred' : undefined],
    ['batch', event.batchId],
    ['batch size', event.batchSize],
  ]
}

function fileRows(file: FileMetadata): readonly Row[] {
  return [
    ['type', file.fileType],
    ['leads to', file.linkTarget],
    ['permissions', `${file.permissions} (${file.permissionsOctal})`],
    ['owner', named(file.ownerName, file.ownerUid)],
    ['group', named(file.groupName, file.ownerGid)],
    ['size', bytes(file.size)],
    ['modified', file.modified],
    ['accessed', file.accessed],
    ['changed', file.changed],
    ['created', file.created],
    ['inode', file.inode],
    ['hard links', file.hardLinks],
  ]
}

const resolutions: Readonly<Record<ProcessDetails['resolution'], string>> = {
  live: 'the process was still there',
  cache: 'learned before the process ended',
  'open-files': 'inferred from open files, not proven',
}

function ancestor({ pid, name, exePath }: ProcessAncestor): string {
  return named(name ?? exePath ?? notKnown, pid)!
}

function processRows(process: ProcessDetails): readonly Row[] {
  const { environment, limits, ioStats } = process
  return [
    ['name', process.inferred?.includes('name') === true ? `${process.name} (inferred)` : process.name],
    ['pid', process.pid],
    ['parent pid', process.ppid],
    ['executable', process.exePath],
    ['command line', process.cmdline === null ? null : process.cmdline.map(shellWord).join(' ')],
    ['directory', process.cwd],
    ['user', named(process.username, process.uid)],
    ['group id', process.gid],
    ['state', process.state],
    ['started', process.startTime],
    ['cpu', typeof process.cpuUsage === 'number' ? `${process.cpuUsage} %` : process.cpuUsage],
    ['resident memory', bytes(process.memoryRss)],
    ['virtual memory', bytes(process.memoryVms)],
    ['threads', process.numThreads],
    ['open files', process.openFiles],
    ['environment', environment && Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    [
      'limits',
      limits && Object.entries(limits).map(([name, { soft, hard }]) => `${name}: ${soft}, at most ${hard}`),
    ],
    ['read', ioStats && `${ioStats.readBytes} bytes in ${ioStats.readSyscalls} calls`],
    ['written', ioStats && `${ioStats.writeBytes} bytes in ${ioStats.writeSyscalls} calls`],
    ['started by', process.ancestors && process.ancestors.map(ancestor)],
    ['container', process.containerId === '' ? 'none' : process.containerId],
    ['known from', resolutions[process.resolution]],
  ]
}

function operationRows(operation: OperationDetails): readonly Row[] {
  const change = operation.sizeChange
  return [
    ['description', operation.description],
    ['size change', change === null ? null : `${change > 0 ? '+' : ''}${change} bytes`],
  ]
}

// The bar shows where each line of the content begins, also an empty one.
function contentLines(content: string | null, missing?: string): Value {
  if (content === null) return missing === undefined ? null : `${notKnown}: ${missing}`
  if (content === '') return 'nothing'
  const lines = content.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => '| ' + line)
}

function contentRows(content: ContentPreview): readonly Row[] {
  return [
    ['difference', content.diffSummary],
    ['before', contentLines(content.before, content.beforeMissing)],
    ['after', contentLines(content.after, content.afterMissing)],
    // The difference says it already when there is none.
    ['diff', content.diff ? contentLines(content.diff) : undefined],
    ['truncated', content.truncated ? 'yes' : undefined],
    ['binary', content.binary ? 'yes' : undefined],
    ['not stored', content.notStored],
  ]
}

function streamRows(control: ControlDetails): readonly Row[] {
  const counts = Object.entries(control.counts ?? {}).map(([name, count]): Row => [
    escapeControls(name),
    count,
  ])
  return [['code', control.code], ['message', control.message], ['hint', control.hint], ...counts]
}

/**
 * The event as a card for people: the line of `toText`, then one section for each detail that the event has,
 * then an empty line.
 *
 * What was asked for and is not known says so. All text is escaped as `escapeControls` says. Throws
 * FSFLOW_INVALID_OPTION.
 */
export function toCard(event: FileEvent, options: TextOptions = {}): string {
  checkTextOptions('toCard', options)
  return (
    toText(event, options) +
    section('event', event, eventRows) +
    section('file', event.fileMetadata, fileRows) +
    section('process', event.processDetails, processRows, event.processUnknown) +
    section('operation', event.operationDetails, operationRows) +
    section('content', event.contentPreview, contentRows) +
    section('stream', event.controlDetails, streamRows) +
    '\n'
  )
}
