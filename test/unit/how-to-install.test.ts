import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentVerdict } from '../../src/doctor/verdicts/programs.ts'
import { unitVerdict } from '../../src/doctor/verdicts/units.ts'
import { howToInstall, howToReinstall } from '../../src/how-to-install.ts'

const MANAGERS = ['apt', 'dnf', 'sysext', 'none'] as const

test('a program is installed as the distribution does it, by the name that its package has there', () => {
  assert.deepEqual(
    MANAGERS.map((manager) => howToInstall('haproxy', manager)),
    [
      'apt-get install haproxy',
      'dnf install haproxy',
      'put haproxy-….raw of https://extensions.flatcar.org into /opt/extensions/haproxy/, link /etc/extensions/haproxy.raw to it, systemctl restart systemd-sysext',
      'install haproxy as this distribution does it',
    ],
  )
  assert.deepEqual(
    MANAGERS.map((manager) => howToInstall('ping', manager)),
    [
      'apt-get install iputils-ping',
      'dnf install iputils',
      'ping is part of Flatcar itself: is this one of today? update_engine_client -update',
      'install ping as this distribution does it',
    ],
  )
  assert.deepEqual(
    MANAGERS.map((manager) => howToReinstall('keepalived', manager)),
    [
      'apt-get install --reinstall keepalived',
      'dnf reinstall keepalived',
      'put keepalived-….raw of https://extensions.flatcar.org into /opt/extensions/keepalived/, link /etc/extensions/keepalived.raw to it, systemctl restart systemd-sysext',
      'install keepalived as this distribution does it',
    ],
  )
})

test('the doctor’s fix is one that this host has', () => {
  const fix = (verdict: ReturnType<typeof unitVerdict>) => (verdict.kind === 'problem' ? verdict.fix : undefined)
  assert.equal(fix(presentVerdict('ssh', { kind: 'missing' }, 'dnf')), 'dnf install openssh-clients')
  const missing = { load: 'not-found', active: 'inactive', sub: 'dead', file: '', pulledInBy: [] }
  assert.equal(
    fix(unitVerdict('lb-agent.service', missing, 'sysext')),
    'link /etc/extensions/lb-agent.raw to lb-agent-….raw, systemctl restart systemd-sysext',
  )
  assert.equal(fix(unitVerdict('lb-agent-drain.service', missing, 'dnf')), './install of the tarball')
})
