import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notSetUpVerdict } from '../../src/doctor/verdicts/units.ts'
import { type Remains, whyNotSetUp } from '../../src/install/not-set-up.ts'

const UNIT = { load: 'loaded', active: 'inactive', file: 'disabled', pulledInBy: [] }
/** As `lb-agent uninstall` leaves a host. */
const UNINSTALLED: Remains = {
  ...{ configFile: '/etc/lb-agent/agent.yaml', isConfigured: true, applied: 'no', unit: UNIT, manager: 'apt' },
}
const why = (more: Partial<Remains> = {}) => whyNotSetUp({ ...UNINSTALLED, ...more })
const LEFT = {
  reason: 'lb-agent.service neither runs nor starts at boot, and nothing is applied, as lb-agent uninstall leaves it',
  fix: 'lb-agent install',
}
const BY_HAND = 'or by hand (README, "Other ways to install"); where another agent.yaml is meant: --config FILE'

test('a host from which lb-agent was uninstalled is not one whose agent is down', () => {
  assert.deepEqual(why(), LEFT)
  assert.deepEqual(why({ unit: { ...UNIT, load: 'masked', file: 'masked' } }), LEFT, 'as on Flatcar')
})

test('a host that has no agent.yaml was never set up', () => {
  const reason = '/etc/lb-agent/agent.yaml is not there'
  const fix = `lb-agent install --repo URL, ${BY_HAND}`
  // The package enables the unit.
  for (const unit of [{ ...UNIT, file: 'enabled' }, UNIT, undefined])
    assert.deepEqual(why({ isConfigured: false, unit }), { reason, fix })
  assert.deepEqual(why({ isConfigured: false, unit: { ...UNIT, load: 'not-found', file: '' } }), {
    reason: `${reason}, and systemd knows no lb-agent.service`,
    fix: `apt-get install ./lb-agent_….deb, or ./install of the tarball; then ${fix}`,
  })
})

test('a host without the unit needs the package first', () => {
  assert.deepEqual(why({ unit: { ...UNIT, load: 'not-found', file: '' }, manager: 'dnf' }), {
    reason: 'systemd knows no lb-agent.service, and nothing is applied',
    fix: './install of the tarball; then lb-agent install',
  })
})

test('an agent that should run, or of which that cannot be told, is only down', () => {
  for (const more of [
    { applied: 'yes' },
    { applied: 'unknown' },
    { applied: 'yes', isConfigured: false },
    { unit: { ...UNIT, file: 'enabled' } },
    { unit: { ...UNIT, pulledInBy: ['multi-user.target'] } },
    { unit: { ...UNIT, active: 'active' } },
    { unit: { ...UNIT, active: 'activating' }, isConfigured: false },
    { unit: undefined },
  ] satisfies Partial<Remains>[])
    assert.equal(why(more), undefined, JSON.stringify(more))
})

test('the doctor says that it looked at nothing else, and mends nothing', () => {
  assert.deepEqual(notSetUpVerdict(LEFT), {
    ...{ kind: 'problem', fix: 'lb-agent install' },
    why: `lb-agent is not set up on this host: ${LEFT.reason}. Nothing else was looked at.`,
  })
})
