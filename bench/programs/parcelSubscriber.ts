import { peerPackage } from './peerPackage.js'
import { Tally } from './Tally.js'

interface Subscription {
  unsubscribe(): Promise<void>
}

type Callback = (error: Error | null, events: readonly { readonly path: string }[]) => void

const { subscribe } = peerPackage('@parcel/watcher') as {
  subscribe: (directory: string, callback: Callback, options: { backend: string }) => Promise<Subscription>
}

const tally = new Tally(() => subscription.unsubscribe())
const subscription = await subscribe(
  tally.directory,
  (error, events) => {
    if (error !== null) tally.overflows++
    else for (const event of events) tally.saw(event.path)
  },
  // It would take a running watchman else, which is another program.
  { backend: 'inotify' },
)
tally.ready()
