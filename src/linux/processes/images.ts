import { detached } from '../rawPath.js'
import type { ExecutedProgram } from './ExecLog.js'
import type { ProcessFacts } from './readProcessFacts.js'
import { unknownImage, type ProcessImage } from './TrackedProcess.js'

const COMM_BYTES = 15

interface Ids {
  readonly uid: number | null
  readonly gid: number | null
}

/** The image that /proc tells of. */
export function imageOf({ name, exePath, identity, cmdline }: ProcessFacts, { uid, gid }: Ids): ProcessImage {
  return { name, isNameInferred: false, exePath, identity, cmdline, uid, gid, key: null, execs: 0 }
}

/**
 * The image after an exec. The program is certain where it is given; `facts` were read after it, and count when
 * they tell of the same program.
 */
export function executedImage(
  before: ProcessImage,
  program: ExecutedProgram | undefined,
  facts: ProcessFacts | null,
): ProcessImage {
  const { uid, gid } = before
  if (program === undefined) {
    const image = facts === null || facts.exePath === null ? unknownImage : imageOf(facts, before)
    return { ...image, uid, gid, execs: before.execs + 1 }
  }
  const { path, identity, invoked } = program
  const executed = { key: detached(program.key), execs: before.execs + 1 }
  if (facts !== null && isProgram(facts, program)) return { ...imageOf(facts, before), ...executed }
  return {
    ...executed,
    name: commOf(invoked),
    isNameInferred: true,
    exePath: path,
    identity,
    cmdline: null,
    uid,
    gid,
  }
}

/** The image with what was not known of it so far, where /proc tells of the same program. */
export function completedImage(image: ProcessImage, facts: ProcessFacts, ids: Ids | undefined): ProcessImage {
  const uid = image.uid ?? ids?.uid ?? null
  const gid = image.gid ?? ids?.gid ?? null
  if (image.exePath === null) return { ...imageOf(facts, { uid, gid }), execs: image.execs }
  const isSame = image.identity !== null && image.identity === facts.identity
  if (!isSame || (isComplete(image) && uid === image.uid))
    return uid === image.uid ? image : { ...image, uid, gid }
  const isNamed = image.name !== null && !image.isNameInferred
  return {
    ...image,
    name: isNamed ? image.name : facts.name,
    isNameInferred: false,
    cmdline: image.cmdline ?? facts.cmdline,
    uid,
    gid,
  }
}

/** True when /proc could not add anything. */
export function isWhole(image: ProcessImage): boolean {
  return isComplete(image) && image.exePath !== null && image.uid !== null && image.gid !== null
}

function isComplete({ cmdline, name, isNameInferred }: ProcessImage): boolean {
  return cmdline !== null && name !== null && !isNameInferred
}

function isProgram(facts: ProcessFacts, { path, identity }: ExecutedProgram): boolean {
  if (facts.exePath === null) return false
  return identity === null || facts.identity === null ? facts.exePath === path : facts.identity === identity
}

/** What the kernel makes the name of a process: that of the file, cut to 15 bytes. */
function commOf(path: string): string {
  const bytes = Buffer.from(path.slice(path.lastIndexOf('/') + 1))
  return bytes.toString('utf8', 0, Math.min(bytes.length, COMM_BYTES))
}

/**
 * What is the same in all of these images; what differs is not known. They are what a process was, one after the
 * other, in a time within which an event has no known place.
 */
export function commonImage(images: readonly ProcessImage[]): ProcessImage {
  return images.reduce((one, other) => {
    if (one === other) return one
    const isSameProgram = one.identity === other.identity && one.exePath === other.exePath
    const isNamed = one.name === other.name
    const isStarted = isSameProgram && isSameList(one.cmdline, other.cmdline)
    return {
      ...other,
      name: isNamed ? one.name : null,
      isNameInferred: isNamed && (one.isNameInferred || other.isNameInferred),
      exePath: isSameProgram ? one.exePath : null,
      identity: isSameProgram ? one.identity : null,
      cmdline: isStarted ? one.cmdline : null,
      uid: one.uid === other.uid ? one.uid : null,
      gid: one.gid === other.gid ? one.gid : null,
    }
  })
}

function isSameList(one: readonly string[] | null, other: readonly string[] | null): boolean {
  if (one === null || other === null) return false
  return one === other || (one.length === other.length && one.every((item, index) => item === other[index]))
}
