import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  agentVerdict,
  embeddedVerdict,
  noUserVerdict,
  polkitVerdict,
  unitVerdict,
} from '../../src/doctor/verdicts/units.ts'
import { line, mend } from '../support/verdict-line.ts'

test('a unit that is masked, missing, down, or not there at the next boot', () => {
  const unit = { load: 'loaded', active: 'active', sub: 'running', file: 'enabled', pulledInBy: [] }
  assert.equal(line(unitVerdict('haproxy.service', unit, 'apt')), 'ok: haproxy.service is active (running), enabled.')
  assert.equal(
    line(unitVerdict('haproxy.service', { ...unit, load: 'masked' }, 'apt')),
    'problem: haproxy.service is masked: nothing can start it. → systemctl unmask haproxy.service',
  )
  assert.equal(
    line(unitVerdict('haproxy.service', { ...unit, load: 'masked', file: 'masked-runtime' }, 'apt')),
    'problem: haproxy.service is masked until the next boot. → systemctl unmask --runtime haproxy.service',
  )
  assert.equal(
    line(unitVerdict('lb-agent-drain.service', { ...unit, load: 'not-found' }, 'apt')),
    'problem: There is no lb-agent-drain.service. → apt-get install ./lb-agent_….deb, or ./install of the tarball',
  )
  assert.equal(
    line(unitVerdict('keepalived.service', { ...unit, active: 'failed', sub: 'failed' }, 'apt')),
    'problem: keepalived.service is failed (failed). → systemctl enable --now keepalived.service; if it ends again: journalctl -u keepalived.service -n 50',
  )
  assert.equal(
    line(unitVerdict('keepalived.service', { ...unit, file: 'disabled' }, 'apt')),
    'problem: keepalived.service runs, but is not started at the next boot (disabled). → systemctl enable keepalived.service',
  )
  assert.equal(
    line(embeddedVerdict('haproxy', undefined, true, '/s/haproxy.log')),
    'problem: haproxy does not run, though the agent does. → lb-agent status says why; its own words: /s/haproxy.log',
  )
})

test('of the units only what nobody wants otherwise is mended', () => {
  const down = { load: 'loaded', active: 'inactive', sub: 'dead', file: 'enabled', pulledInBy: [] }
  assert.deepEqual(mend(unitVerdict('lb-agent-drain.service', down, 'apt')), [
    'systemctl enable --now lb-agent-drain.service',
  ])
  for (const unit of ['haproxy.service', 'keepalived.service', 'lb-agent.service'])
    assert.deepEqual(mend(unitVerdict(unit, down, 'apt')), [])
  assert.deepEqual(mend(unitVerdict('haproxy.service', { ...down, active: 'active', file: 'disabled' }, 'apt')), [
    'systemctl enable haproxy.service',
  ])
  assert.deepEqual(mend(unitVerdict('haproxy.service', { ...down, load: 'masked' }, 'apt')), [])
  assert.deepEqual(mend(noUserVerdict('lb-agent')), ['systemd-sysusers lb-agent.conf'])
})

test('a unit that an extension upholds starts at boot, and gets no link of its own', () => {
  const upheld = {
    load: 'loaded',
    active: 'active',
    sub: 'running',
    file: 'disabled',
    pulledInBy: ['multi-user.target'],
  }
  assert.equal(
    line(unitVerdict('keepalived.service', upheld, 'apt')),
    'ok: keepalived.service is active (running), started at boot by multi-user.target.',
  )
  const down = unitVerdict('lb-agent-drain.service', { ...upheld, active: 'inactive', sub: 'dead' }, 'apt')
  assert.equal(
    line(down),
    'problem: lb-agent-drain.service is inactive (dead). → systemctl start lb-agent-drain.service; if it ends again: journalctl -u lb-agent-drain.service -n 50',
  )
  assert.deepEqual(mend(down), ['systemctl start lb-agent-drain.service'])
})

test('an agent whose socket is not ours to use is not called silent', () => {
  assert.equal(
    line(agentVerdict({ answers: undefined, pid: undefined }, 'systemd')),
    "cannot tell: The agent's control socket is for root and its group. → run lb-agent doctor as root",
  )
  assert.equal(agentVerdict({ answers: false, pid: undefined }, 'systemd').kind, 'problem')
})

test('without a rule of polkit every reload fails', () => {
  assert.equal(polkitVerdict('loaded', ['/usr/share/polkit-1/rules.d/50-lb-agent.rules'], [], 'apt').kind, 'ok')
  assert.equal(polkitVerdict('loaded', [], ['/etc/polkit-1/rules.d'], 'apt').kind, 'cannot tell')
  assert.equal(
    line(polkitVerdict('not-found', [], [], 'apt')),
    'problem: polkit is not installed: systemd refuses every reload of the agent. → apt-get install polkitd',
  )
  assert.match(line(polkitVerdict('loaded', [], [], 'apt')), /^problem: No rule of polkit lets the agent reload/)
})
