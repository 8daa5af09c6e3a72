import { hostname } from 'node:os'
import { recordFormats, toRecord, type RecordFormat } from '../../src/formats/recordFormat.js'
import { sinkLaws, type SinkLaw, type SinkUnderTest } from '../../src/testing/sinkLaws.js'

type Fields = Record<string, unknown>

/** Where the id of an event stands, in which the run is another one each time. */
const holders: Readonly<Record<Exclude<RecordFormat, 'json'>, (record: Fields) => [Fields, string]>> = {
  ecs: (record) => [record.event as Fields, 'id'],
  ocsf: (record) => [record.metadata as Fields, 'uid'],
  cloudevents: (record) => [record, 'id'],
}

/** A record with the name RUN for its run. Throws when it has no id. */
function withoutRun(format: Exclude<RecordFormat, 'json'>, record: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(record)) as Fields
  const [holder, key] = holders[format](copy)
  const [, number] = /^[0-9a-f-]{36}\.(\d+)$/.exec(holder[key] as string)!
  holder[key] = `RUN.${number}`
  return copy
}

/** The laws for a sink that writes records, in each of the formats that is not that of an event itself. */
export function recordLaws(
  create: (format: RecordFormat, directory: string) => Omit<SinkUnderTest, 'expected'>,
): readonly SinkLaw[] {
  return recordFormats
    .filter((format) => format !== 'json')
    .flatMap((format) => {
      const laws = sinkLaws((directory) => {
        const subject = create(format, directory)
        return {
          ...subject,
          read: async () => (await subject.read()).map((record) => withoutRun(format, record)),
          expected: (event) =>
            JSON.parse(
              JSON.stringify(toRecord(format, event, { id: `RUN.${event.seq}`, host: hostname() })),
            ) as unknown,
        }
      })
      return laws.map((law) => ({ name: `as ${format}: ${law.name}`, run: () => law.run() }))
    })
}
