import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWell } from '../support/booted-cluster.ts'
import type { DebianSeat } from './debian-seat.ts'
import { asRoot, inUnit } from './in-unit.ts'

/** Which bits of /proc/PID/status name a capability: capability.h, CAP_DAC_OVERRIDE is 1. */
const CAPABILITIES = "grep -h '^Cap\\(Prm\\|Eff\\|Bnd\\|Amb\\)' /proc/self/status | cut -f2 | sort -u"
const NONE = '0000000000000000'
const DAC_OVERRIDE = '0000000000000002'

/** What nobody of us needs, with what is wanted for it: a way out of the sandbox, each by another setting of the unit. */
const WAYS_OUT = [
  'ip link set lo down',
  'mount -t tmpfs none /tmp',
  'unshare --user true',
  'unshare --net true',
  'setpriv --reuid=0 --clear-groups true',
  'su root -c true',
  'touch /tmp/own && chmod u+s /tmp/own',
  'touch /tmp/own && chown daemon /tmp/own',
  'chrt --fifo 1 true',
  // Not sysctl: of a machine like this one /proc/sys is read-only, also for its root.
  'echo >/dev/kmsg',
  'mknod /tmp/device b 8 0',
  'kill -0 1',
  'kill -0 $(pidof keepalived)',
  // AF_PACKET, SOCK_RAW: to read what others send.
  "perl -e 'socket(my $s, 17, 3, 0) or die $!'",
]
const OTHER_UNITS = [
  'systemctl --no-ask-password restart dbus',
  'systemctl --no-ask-password restart haproxy',
  'systemctl --no-ask-password kill haproxy',
  'systemctl --no-ask-password stop lb-agent',
  'systemctl --no-ask-password disable lb-agent',
  'systemctl --no-ask-password daemon-reload',
  'systemctl --no-ask-password set-environment A=b',
  'systemd-run --no-ask-password true',
]
const SOCKET = '/run/lb-agent/control.sock'
const OTHERS_FILES = ['/etc', '/etc/lb-agent', '/etc/systemd/system', '/usr/lib/lb-agent', '/var/lib', '/run', '/root']

/** What takes back what root has done of it. */
const UNDONE_BY: Readonly<Record<string, string>> = {
  'ip link set lo down': 'ip link set lo up',
  'mount -t tmpfs none /tmp': 'umount /tmp',
  'touch /tmp/own && chmod u+s /tmp/own': 'rm /tmp/own',
  'touch /tmp/own && chown daemon /tmp/own': 'rm /tmp/own',
  'mknod /tmp/device b 8 0': 'rm /tmp/device',
  'systemctl --no-ask-password kill haproxy': 'sleep 1; systemctl start haproxy',
  'systemctl --no-ask-password stop lb-agent': 'systemctl start lb-agent',
  'systemctl --no-ask-password disable lb-agent': 'systemctl enable lb-agent',
  'systemctl --no-ask-password set-environment A=b': 'systemctl unset-environment A',
}

/** Each unit’s settings as systemd and the kernel enforce them. */
export function sandbox(use: () => DebianSeat): void {
  test('what the units are to keep from being done, root can do there', async () => {
    const { cluster } = use()
    const machine = cluster.machine('three')
    const wanted = [...OTHERS_FILES.map(write), ...OTHER_UNITS, ...WAYS_OUT]
    const commands = wanted.flatMap((command) => [command, UNDONE_BY[command] ?? 'true'])
    const tried = await asRoot(machine, commands)
    const notDone = commands.flatMap((command, index) =>
      tried[index]?.did === true ? [] : [`${command}: ${tried[index]?.said}`],
    )
    assert.deepEqual(notDone, [])
    await isWell(machine)
  })

  test('the agent writes in five places, reloads two units, and gets no further', async () => {
    const own = ['/var/lib/lb-agent', '/run/lb-agent', '/etc/haproxy', '/etc/keepalived', '/tmp']
    const may = [...own.map(write), 'systemctl --no-ask-password reload-or-restart haproxy']
    const mayNot = [...OTHERS_FILES.map(write), ...OTHER_UNITS, ...WAYS_OUT]
    await holds(use(), 'lb-agent.service', { may, mayNot, capabilities: NONE })
  })

  test('the drain opens any control socket, but writes nothing, uses no unit, and gets no further', async () => {
    const seat = use()
    const may = [write('/tmp'), 'lb-agent status --json | grep -q headline']
    const shared = ['/var/lib/lb-agent', '/run/lb-agent', '/run/lb-agent/vrrp', '/etc/haproxy', '/etc/keepalived']
    const mayNot = [...[...OTHERS_FILES, ...shared].map(write), ...OTHER_UNITS, ...WAYS_OUT]
    // As `supervisor: embedded` leaves it.
    const owner = (await seat.one.run('stat', '-c', '%U:%G', SOCKET)).trim()
    await seat.one.run('chown', 'root:root', SOCKET)
    await holds(seat, 'lb-agent-drain.service', { may, mayNot, capabilities: DAC_OVERRIDE })
    await seat.one.run('chown', owner, SOCKET)
  })

  test('of the unit that makes the agent’s user nothing goes on running', async () => {
    const { cluster } = use()
    for (const machine of cluster.machines) {
      const shown = await machine.run('systemctl', 'show', '-p', 'Result,MainPID,SubState', 'lb-agent-setup')
      assert.match(shown, /^MainPID=0$/m)
      assert.match(shown, /^Result=success$/m)
    }
  })

  test('the agent that runs has no capability and cannot get one', async () => {
    const { one } = use()
    const pid = (await one.run('systemctl', 'show', '-P', 'MainPID', 'lb-agent')).trim()
    const status = await one.run('cat', `/proc/${pid}/status`)
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.match(status, new RegExp(`^${set}:\t0{16}$`, 'm'))
    assert.match(status, /^NoNewPrivs:\t1$/m)
    // 2: a filter of system calls.
    assert.match(status, /^Seccomp:\t2$/m)
  })
}

async function holds(
  { one }: DebianSeat,
  unit: string,
  { may, mayNot, capabilities }: { may: readonly string[]; mayNot: readonly string[]; capabilities: string },
): Promise<void> {
  const tried = await inUnit(one, unit, [CAPABILITIES, ...may, ...mayNot])
  assert.equal(tried[0]?.said.trim(), capabilities)
  const outcome = (command: string, index: number): string => {
    const { did, said } = tried[index + 1] ?? { did: false, said: 'was not tried' }
    return `${command}: ${did ? 'did' : 'did not'} (${said.trim()})`
  }
  const outcomes = [...may, ...mayNot].map(outcome)
  assert.deepEqual(
    outcomes.filter((line, index) => line.includes(': did (') !== index < may.length),
    [],
  )
}

function write(directory: string): string {
  return `touch ${directory}/lb-agent-probe && rm ${directory}/lb-agent-probe`
}
