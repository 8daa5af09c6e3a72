import { realpathSync } from 'node:fs'

/** A raw path with the symbolic links on its way resolved, as far as it exists. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(Buffer.from(path, 'latin1'), 'buffer').toString('latin1')
  } catch {
    const cut = path.lastIndexOf('/')
    if (cut < 0 || path === '/') return path
    const above = realPath(cut === 0 ? '/' : path.slice(0, cut))
    return `${above === '/' ? '' : above}${path.slice(cut)}`
  }
}
