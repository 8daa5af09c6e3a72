// 64 hexadecimal digits, as docker, containerd, cri-o and podman name a cgroup: alone, or as docker-ID.scope.
const hexId = /(?:^|[-/:])([0-9a-f]{64})(?:\.scope)?(?=\/|$)/
const lxcName = /\/(?:lxc\.payload\.|lxc\/)([^/]+)/
const nspawnName = /\/machine\.slice\/(?:machine-|systemd-nspawn@)([^/]+)\.(?:scope|service)/

/**
 * The container that the cgroups of a process name, by the text of /proc/PID/cgroup; empty when they name none. The
 * innermost one counts. See cgroups(7).
 */
export function containerId(cgroups: string): string {
  for (const line of cgroups.split('\n')) {
    const path = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1)
    const innermost = path
      .split('/')
      .reverse()
      .map((part) => hexId.exec(part)?.[1])
      .find((id) => id !== undefined)
    const name = innermost ?? lxcName.exec(path)?.[1] ?? nspawnName.exec(path)?.[1]
    if (name !== undefined) return name.replaceAll('\\x2d', '-')
  }
  return ''
}
