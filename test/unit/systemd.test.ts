import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { RUNTIME } from '../../src/render/render-target.ts'
import { agentSchema } from '../../src/spec/agent-schema.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const unit = read('systemd/lb-agent.service')
const embedded = read('systemd/lb-agent-embedded.service')
const drain = read('systemd/lb-agent-drain.service')
const keepalived = read('systemd/keepalived.service.d/lb-agent.conf')
const { paths } = agentSchema.parse({ repository: { url: '/srv/lb.git' } })

/** All values of a setting, comments left out. */
function values(name: string, of = unit): string[] {
  return of.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []))
}

test('the agent runs as a user of its own, without a capability or a way to get one', () => {
  assert.deepEqual(values('User'), ['lb-agent'])
  assert.deepEqual(values('CapabilityBoundingSet'), [''])
  assert.deepEqual(values('AmbientCapabilities'), [])
  assert.deepEqual(values('NoNewPrivileges'), ['yes'])
})

test('nothing is set that V8 does not survive, or that hides the daemons from the agent', () => {
  assert.deepEqual(values('MemoryDenyWriteExecute'), [])
  assert.deepEqual(values('ProtectProc'), [])
  // The heartbeat is the clock of /proc/uptime.
  assert.deepEqual(values('ProcSubset'), [])
})

test('an agent that was stopped by `lb-agent stop` stays away, one that died comes back', () => {
  assert.deepEqual(values('Restart'), ['on-failure'])
  // Signals that systemd takes for a clean end, and that do not mean one here.
  assert.deepEqual(values('RestartForceExitStatus'), ['SIGHUP SIGPIPE'])
})

test('a keepalived that was killed comes back, and what it left behind is taken off first', () => {
  assert.deepEqual(values('Restart', keepalived), ['always'])
  assert.deepEqual(values('RestartSec', keepalived), ['100ms'])
  assert.deepEqual(values('StartLimitIntervalSec', keepalived), ['0'])
  assert.deepEqual(values('ExecStopPost', keepalived), [`-${paths.launcher} release-vips`])
  assert.ok(read('src/launcher.sh').includes(`file=\${1:-${paths.keepalivedConfig}}`))
})

test('a host that stops drains before its agent, keepalived and HAProxy stop', () => {
  // Units stop in the reverse order of their start.
  assert.deepEqual(values('After', drain), [
    'network-online.target haproxy.service keepalived.service lb-agent.service lb-agent-embedded.service',
    // It makes the user.
    'lb-agent-setup.service',
  ])
  assert.deepEqual(values('ExecStop', drain), [`-${paths.launcher} drain --for-shutdown`])
  assert.deepEqual([values('Type', drain), values('RemainAfterExit', drain)], [['oneshot'], ['yes']])
  assert.deepEqual(values('WantedBy', drain), ['multi-user.target'])
  // Not root, but able to open the control socket of either supervisor.
  assert.deepEqual([values('User', drain), values('Group', drain)], [['lb-agent'], ['lb-agent']])
  assert.deepEqual(values('CapabilityBoundingSet', drain), ['CAP_DAC_OVERRIDE'])
  assert.deepEqual(values('AmbientCapabilities', drain), ['CAP_DAC_OVERRIDE'])
  // A drain waits for five adverts, of at most 40.95 s each, and two seconds.
  assert.ok(Number(values('TimeoutStopSec', drain)[0]) > 5 * 40.95 + 2)
  for (const name of ['Requires', 'BindsTo', 'PartOf', 'Wants']) assert.deepEqual(values(name, drain), [])
})

test('an embedded agent that stops leaves its daemons running, and is root without a sandbox that they would inherit', () => {
  assert.deepEqual(values('KillMode', embedded), ['process'])
  assert.deepEqual(values('OOMPolicy', embedded), ['continue'])
  assert.deepEqual([values('User', embedded), values('CapabilityBoundingSet', embedded)], [[], []])
  assert.deepEqual(values('ExecStop', embedded), [])
  for (const name of ['ExecStart', 'Restart', 'RuntimeDirectory', 'RuntimeDirectoryPreserve', 'StateDirectory'])
    assert.deepEqual(values(name, embedded), values(name), name)
})

test('gate and scores stay where keepalived reads them when the agent is stopped', () => {
  assert.deepEqual(values('RuntimeDirectory'), ['lb-agent'])
  assert.deepEqual(values('RuntimeDirectoryPreserve'), ['yes'])
})

test('the unit has no order or dependency towards the daemons that the agent reloads', () => {
  const related = ['After', 'Before', 'Requires', 'Wants', 'BindsTo', 'PartOf'].flatMap((name) => values(name))
  assert.deepEqual(related, [
    'network-online.target lb-agent-setup.service',
    'network-online.target lb-agent-setup.service',
  ])
})

test('what the unit may write, and nothing more, are the directories of the default paths', () => {
  assert.deepEqual(values('ProtectSystem'), ['strict'])
  assert.deepEqual(values('ReadWritePaths'), ['-/etc/haproxy -/etc/keepalived'])
  assert.equal(paths.haproxyConfig, '/etc/haproxy/haproxy.cfg')
  assert.equal(paths.keepalivedConfig, '/etc/keepalived/keepalived.conf')
  assert.equal(paths.state, `/var/lib/${values('StateDirectory')[0]}`)
  assert.equal(paths.runtime, `/run/${values('RuntimeDirectory')[0]}`)
  assert.deepEqual(values('ExecStart'), [`${paths.launcher} run`])
})

test('the FIFO and a closed gate are there before keepalived starts', () => {
  const lines = read('systemd/tmpfiles.d/lb-agent.conf').split('\n')
  assert.ok(lines.includes(`p ${paths.runtime}/${RUNTIME.fifo} 0640 lb-agent lb-agent`))
  assert.ok(lines.includes(`f ${paths.runtime}/${RUNTIME.gate} 0644 lb-agent lb-agent - 0`))
})

test('HAProxy may bind a VIP that another node holds, of both IP versions', () => {
  const settings = read('systemd/sysctl.d/60-lb-agent.conf')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.deepEqual(settings, ['net.ipv4.ip_nonlocal_bind = 1', 'net.ipv6.ip_nonlocal_bind = 1'])
})

test('polkit lets the agent use exactly the verbs that it calls, on exactly two units', () => {
  const source = read('src/daemons/systemd-unit.ts')
  const called = [...source.matchAll(/systemctl\('([\w-]+)'/g)].map((match) => match[1] ?? '').sort()
  const verbs = ['enable', 'kill', 'mask', 'reload', 'reload-or-restart', 'restart', 'start', 'stop', 'try-restart']
  const units = ['haproxy.service', 'keepalived.service', 'lb-agent.service', 'ssh.service']
  const allowed = units.flatMap((name) =>
    verbs.filter((verb) => isAllowed({ unit: name, verb })).map((verb) => [name, verb]),
  )
  assert.deepEqual(
    allowed,
    ['haproxy.service', 'keepalived.service'].flatMap((name) => called.map((verb) => [name, verb])),
  )
})

test('polkit says nothing about other users and other actions', () => {
  const unitAndVerb = { unit: 'haproxy.service', verb: 'stop' }
  assert.equal(isAllowed(unitAndVerb), true)
  assert.equal(isAllowed({ ...unitAndVerb, user: 'haproxy' }), false)
  assert.equal(isAllowed({ ...unitAndVerb, action: 'org.freedesktop.systemd1.manage-unit-files' }), false)
})

/** Runs the rule as polkit does. */
function isAllowed(asked: { unit: string; verb: string; user?: string; action?: string }): boolean {
  const rules: ((action: unknown, subject: unknown) => unknown)[] = []
  const polkit = { Result: { YES: 'yes' }, addRule: (rule: (typeof rules)[number]) => rules.push(rule) }
  runInContext(read('systemd/polkit/50-lb-agent.rules'), createContext({ polkit }))
  const details: Readonly<Record<string, string>> = { unit: asked.unit, verb: asked.verb }
  const action = {
    id: asked.action ?? 'org.freedesktop.systemd1.manage-units',
    lookup: (name: string) => details[name],
  }
  return rules.some((rule) => rule(action, { user: asked.user ?? 'lb-agent' }) === 'yes')
}
