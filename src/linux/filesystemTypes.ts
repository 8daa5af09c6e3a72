import { statfsSync } from 'node:fs'

/**
 * What inotify tells of a filesystem: `full`: all changes; `partial`: not those that `blind` names. `polled` when
 * these are worth comparing: what the kernel makes itself (`/proc`) has no end of changes.
 */
export type InotifyView =
  | { readonly view: 'full' | 'unknown'; readonly polled: false; readonly blind?: never }
  | { readonly view: 'partial'; readonly polled: boolean; readonly blind: string }

const remote = 'changes made by other machines'
const host = 'changes made by the host or by other guests'
const layers = 'changes made in its lower or upper directory itself, not through the mount'
const kernel = 'changes that the kernel makes itself'
const driver = 'changes that do not come through this mount, as on a remote machine'

const blindness: Readonly<Record<string, string>> = {
  '9p': host,
  afs: remote,
  aufs: layers,
  ceph: remote,
  cgroup: kernel,
  cgroup2: kernel,
  cifs: remote,
  coda: remote,
  configfs: kernel,
  debugfs: kernel,
  devpts: kernel,
  ecryptfs: layers,
  fuse: driver,
  fuseblk: 'changes made on the device itself, not through this mount',
  gfs2: remote,
  lustre: remote,
  ncpfs: remote,
  nfs: remote,
  nfs4: remote,
  ocfs2: remote,
  orangefs: remote,
  overlay: layers,
  prl_fs: host,
  proc: kernel,
  pstore: kernel,
  securityfs: kernel,
  smb3: remote,
  smbfs: remote,
  sysfs: kernel,
  tracefs: kernel,
  unionfs: layers,
  vboxsf: host,
  virtiofs: host,
}

const whole: ReadonlySet<string> = new Set([
  'bcachefs',
  'btrfs',
  'devtmpfs',
  'erofs',
  'exfat',
  'ext2',
  'ext3',
  'ext4',
  'f2fs',
  'hfsplus',
  'iso9660',
  'jfs',
  'msdos',
  'nilfs2',
  'ntfs3',
  'ramfs',
  'reiserfs',
  'squashfs',
  'tmpfs',
  'udf',
  'vfat',
  'xfs',
  'zfs',
])

/** What inotify(7) sees of a filesystem, by its type as in mountinfo. */
export function inotifyView(type: string): InotifyView {
  const dot = type.indexOf('.')
  const family = dot < 0 ? type : type.slice(0, dot)
  const blind = Object.hasOwn(blindness, family) ? blindness[family] : undefined
  if (blind !== undefined) return { view: 'partial', polled: blind !== kernel, blind }
  return { view: whole.has(family) ? 'full' : 'unknown', polled: false }
}

// `f_type` of statfs(2), of those that are worth comparing.
const polledTypes: ReadonlyMap<number, string> = new Map([
  [0x01021997, '9p'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x61756673, 'aufs'],
  [0x00c36400, 'ceph'],
  [0xff534d42, 'cifs'],
  [0x73757245, 'coda'],
  [0xf15f, 'ecryptfs'],
  [0x65735546, 'fuse'],
  [0x01161970, 'gfs2'],
  [0x0bd00bd0, 'lustre'],
  [0x564c, 'ncpfs'],
  [0x6969, 'nfs'],
  [0x7461636f, 'ocfs2'],
  [0x20030528, 'orangefs'],
  [0x794c7630, 'overlay'],
  [0x7c7c6673, 'prl_fs'],
  [0xfe534d42, 'smb3'],
  [0x517b, 'smbfs'],
  [0xf15f083d, 'unionfs'],
  [0x786f4256, 'vboxsf'],
])

/**
 * The type of the filesystem that a raw path leads to, when others can change it without a record, so that only
 * comparing tells; else, or when it cannot be known, `undefined`.
 */
export function blindFilesystem(path: string): string | undefined {
  try {
    return polledTypes.get(statfsSync(Buffer.from(path, 'latin1')).type >>> 0)
  } catch {
    return undefined
  }
}
