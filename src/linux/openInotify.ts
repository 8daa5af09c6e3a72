import { FsflowError } from '../errors/index.js'
import { koffiInotify, type InotifyOptions } from './koffiInotify.js'
import { libc } from './libc.js'
import type { InotifyBinding, InotifyListener } from './InotifyBinding.js'
import { loadNodeInotify, nodeInotify } from './nodeInotify.js'

export const bindingNames = ['auto', 'koffi', 'node-inotify'] as const
export type BindingName = (typeof bindingNames)[number]

/**
 * The binding that `auto` stands for here: koffi where it has a build for the platform. Throws an FsflowError
 * when the binding cannot be had.
 */
export function chooseBinding(name: BindingName): 'koffi' | 'node-inotify' {
  if (name === 'node-inotify') return requireNodeInotify()
  try {
    libc()
    return 'koffi'
  } catch (cause) {
    if (name === 'auto') return requireNodeInotify()
    throw new FsflowError({
      code: 'FSFLOW_BINDING_UNAVAILABLE',
      message: `koffi has no build for ${process.platform}-${process.arch}`,
      hint: "Use binding: 'node-inotify', or 'auto'.",
      cause,
    })
  }
}

function requireNodeInotify(): 'node-inotify' {
  loadNodeInotify()
  return 'node-inotify'
}

/** Opens an inotify instance. Throws an FsflowError when none can be had. */
export function openInotify(
  name: BindingName,
  listener: InotifyListener,
  options: InotifyOptions,
): InotifyBinding {
  return chooseBinding(name) === 'koffi' ? koffiInotify(listener, options) : nodeInotify(listener)
}
