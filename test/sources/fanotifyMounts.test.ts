import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { eventGroups } from '../../src/events/index.js'
import { fanotify } from '../../src/sources/fanotify.js'
import { itWith, mounting } from '../helpers/requires.js'
import { watching } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withFilesystem, withMount } from '../helpers/withFilesystem.js'

const request = { eventTypes: new Set(eventGroups.changes) }

describe('the fanotify source while mounts change', () => {
  itWith([mounting], 'tells what is mounted below a root later, and what is there when it is unmounted', () =>
    withFilesystem('tmpfs', async (directory) => {
      const inner = join(directory, 'a', 'inner')
      fs.mkdirSync(join(inner, 'covered'), { recursive: true })
      const source = join(directory, 'other')
      fs.mkdirSync(source)
      await withMount(['-t', 'tmpfs', 'tmpfs'], source, async () => {
        fs.mkdirSync(join(source, 'd'))
        fs.writeFileSync(join(source, 'd', 'f'), '')
        const probe = await watching(
          fanotify({ paths: join(directory, 'a') }),
          async (running) => {
            const state = new TreeState(listTree(join(directory, 'a')))
            let applied = 0
            const isTrue = () =>
              until(
                () => {
                  for (; applied < running.events.length; applied++) state.apply(running.events[applied]!)
                  return state.differences(listTree(join(directory, 'a'))).length === 0
                },
                () => state.differences(listTree(join(directory, 'a'))).join(', '),
              )
            await withMount(['--bind', source], inner, async () => {
              await isTrue()
              expect(running.told(directory)).toEqual([
                '~DELETE a/inner',
                '~CREATE a/inner',
                '~CREATE a/inner/d',
                '~CREATE a/inner/d/f',
              ])
              fs.writeFileSync(join(inner, 'd', 'g'), '')
              await running.sees('CREATE', join(inner, 'd', 'g'))
              await isTrue()
            })
            await isTrue()
            expect(running.told(directory).slice(-3)).toEqual([
              '~DELETE a/inner',
              '~CREATE a/inner',
              '~CREATE a/inner/covered',
            ])
            fs.writeFileSync(join(inner, 'covered', 'h'), '')
            await running.sees('CREATE', join(inner, 'covered', 'h'))
            await isTrue()
          },
          { request },
        )
        expect(probe.controls).toEqual(['MONITOR_START'])
      })
    }),
  )

  itWith([mounting], 'follows a root that is mounted over, and what is mounted on it again', () =>
    withFilesystem('tmpfs', async (directory) => {
      const root = join(directory, 'root')
      fs.mkdirSync(join(root, 'covered'), { recursive: true })
      await watching(
        fanotify({ paths: root }),
        async (running) => {
          for (const round of ['one', 'two']) {
            await withMount(['-t', 'tmpfs', 'tmpfs'], root, async () => {
              fs.mkdirSync(join(root, round))
              fs.writeFileSync(join(root, round, 'f'), '')
              await running.sees('CREATE', join(root, round, 'f'))
            })
            fs.writeFileSync(join(root, 'covered', round), '')
            await running.sees('CREATE', join(root, 'covered', round))
          }
          expect(running.events.filter(({ eventType }) => eventType === 'MOVE_SELF').length).toBe(4)
        },
        { request },
      )
    }),
  )
})
