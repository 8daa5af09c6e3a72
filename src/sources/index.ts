export { auto, type AutoSourceOptions } from './auto.js'
export { fanotify, type FanotifySourceOptions } from './fanotify.js'
export { inotify, type InotifySourceOptions } from './inotify.js'
export { replay, type ReplaySourceOptions } from './replay.js'
