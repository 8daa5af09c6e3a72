export { inotify, type InotifySourceOptions } from './inotify.js'
