import { describe, expect, it } from '@jest/globals'
import { containerId } from '../../src/linux/containerId.js'

const id = '0123456789abcdef'.repeat(4)
const outer = 'f'.repeat(64)

describe('containerId', () => {
  it.each([
    [`0::/docker/${id}`, id],
    [`0::/system.slice/docker-${id}.scope`, id],
    [`0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`, id],
    [`11:cpu:/kubepods/burstable/pod12-34/${id}\n0::/`, id],
    [`12:pids:/user.slice\n1:name=systemd:/machine.slice/libpod-${id}.scope/container`, id],
    [`0::/docker/${outer}/docker/${id}`, id],
    [`0::/system.slice/containerd.service/kubepods-pod.slice:cri-containerd:${id}`, id],
    ['0::/lxc.payload.web/init.scope', 'web'],
    ['4:cpu:/lxc/web', 'web'],
    ['0::/machine.slice/systemd-nspawn@web.service/payload', 'web'],
    ['0::/machine.slice/machine-my\\x2dweb.scope', 'my-web'],
    ['0::/user.slice/user-1000.slice/session-1.scope', ''],
    [`0::/build-${id}0.scope`, ''],
    ['', ''],
  ])('%s is %s', (cgroups, expected) => {
    expect(containerId(`${cgroups}\n`)).toBe(expected)
  })
})
