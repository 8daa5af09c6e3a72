import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Where the program of a command is, as execvp(3) finds it; `undefined` when there is none that may be run. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => (folder === '' ? '.' : folder))
  const candidates = name.includes('/') ? [name] : folders.map((folder) => join(folder, name))
  for (const path of candidates) {
    const isProgram = await access(path, constants.X_OK)
      .then(() => stat(path))
      .then((stats) => stats.isFile())
      .catch(() => false)
    if (isProgram) return path
  }
  return undefined
}
