import { SinkWriteError, type Sink } from '../../src/contracts/index.js'

/** A sink of which one write in so many is refused before it has begun. */
export function flaky(sink: Sink, oneIn: number, random: () => number): Sink {
  return {
    name: sink.name,
    description: sink.description,
    check: () => sink.check(),
    async open(context) {
      const writer = await sink.open(context)
      return {
        ownFiles: writer.ownFiles,
        close: () => writer.close(),
        write(batch, run) {
          if (random() * oneIn >= 1) return writer.write(batch, run)
          const message = 'refused by the test'
          return Promise.reject(
            new SinkWriteError({ code: 'FSFLOW_SINK_WRITE', message, lost: batch.length }),
          )
        },
      }
    },
  }
}
