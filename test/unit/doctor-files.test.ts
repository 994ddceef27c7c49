import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examine } from '../../src/doctor/check.ts'
import type { Examined } from '../../src/doctor/examined.ts'
import { FILE_CHECKS } from '../../src/doctor/files.ts'
import { directoryVerdict, diskVerdict, statsSocketVerdict } from '../../src/doctor/verdicts/files.ts'
import { parseAgentConfig } from '../../src/spec/parse-agent-config.ts'
import { line, mend } from '../support/verdict-line.ts'

const AGENT = { user: 'lb-agent', supervisor: 'systemd' } as const

test('a directory is judged as the agent’s user, and as the running agent sees it', () => {
  const all = { exists: true, here: 'yes', inAgent: 'yes' } as const
  assert.equal(line(directoryVerdict('/d', AGENT, all)), 'ok: User lb-agent may write /d.')
  assert.equal(
    line(directoryVerdict('/d', AGENT, { ...all, exists: false })),
    'problem: /d does not exist. → install -d -o lb-agent -g lb-agent -m 2775 /d',
  )
  assert.equal(
    line(directoryVerdict('/d', AGENT, { ...all, here: 'no' })),
    'problem: User lb-agent, whom the agent runs as, cannot write /d. → chgrp lb-agent /d && chmod 2775 /d; if that is right already, findmnt --target /d says whether it is read-only',
  )
  assert.match(line(directoryVerdict('/d', AGENT, { ...all, inAgent: 'no' })), /^problem: .* restart the agent/)
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', AGENT, { ...all, exists: false })), [
    'install -d -o lb-agent -g lb-agent -m 2775 /etc/haproxy',
  ])
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', AGENT, { ...all, here: 'no' })), [
    'chgrp lb-agent /etc/haproxy',
    'chmod 2775 /etc/haproxy',
  ])
  for (const shared of ['/etc', '/var/lib', '/', '/usr/local/etc', '/opt/haproxy/etc']) {
    assert.deepEqual(mend(directoryVerdict(shared, AGENT, { ...all, here: 'no' })), [], 'others may live there')
    assert.deepEqual(mend(directoryVerdict(shared, AGENT, { ...all, exists: false })), [])
  }
  assert.deepEqual(mend(directoryVerdict('/usr/local/etc/keepalived/', AGENT, { ...all, here: 'no' })).length, 2)
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', AGENT, { ...all, inAgent: 'no' })), [
    'systemctl restart lb-agent.service',
  ])
  const embedded = { ...AGENT, supervisor: 'embedded' } as const
  assert.deepEqual(mend(directoryVerdict('/etc/haproxy', embedded, { ...all, inAgent: 'no' })), [])
  const hidden = { exists: true, here: 'unknown', inAgent: 'unknown' } as const
  assert.equal(directoryVerdict('/d', AGENT, hidden).kind, 'cannot tell')
  assert.equal(
    line(statsSocketVerdict('/s', { exists: true, usable: 'no' }, { ...AGENT, group: 'haproxy' })),
    "problem: User lb-agent, whom the agent runs as, may not use HAProxy's stats socket /s. → usermod -aG haproxy lb-agent && systemctl restart lb-agent (haproxy.group in agent.yaml is haproxy)",
  )
  assert.deepEqual(mend(statsSocketVerdict('/s', { exists: true, usable: 'no' }, { ...AGENT, group: 'haproxy' })), [
    'usermod -aG haproxy lb-agent',
    'systemctl restart lb-agent.service',
  ])
})

test('a disk is full when an apply would not fit', () => {
  assert.equal(line(diskVerdict('state', '/s', { mib: 64, files: 0, allFiles: 0 })), 'ok: /s has 64 MiB left.')
  assert.equal(
    line(diskVerdict('state', '/s', { mib: 63, files: 9, allFiles: 10 })),
    'problem: /s has 63 MiB left; an apply needs 64 MiB. → make room on it: df -h /s; du -xsh /s/*',
  )
  assert.equal(
    line(diskVerdict('runtime', '/r', { mib: 9, files: 9, allFiles: 10 })),
    'problem: /r has room for 9 more files; an apply needs 200. → df -i /r',
  )
})

test('looks at the stats socket that haproxy.statsSocket names', async () => {
  const yaml = 'node: lb1\nrepository: { url: /srv/lb }\nhaproxy: { statsSocket: /nowhere/lb-agent-test.sock }\n'
  const parsed = parseAgentConfig(yaml, 'agent.yaml', { hostname: 'lb1' })
  assert.equal(parsed.kind, 'config')
  const node: Examined = {
    config: parsed.config,
    desired: { kind: 'unknown', reason: 'not fetched', fix: '' },
    agent: { answers: false, pid: undefined, userName: 'lb-agent', user: undefined, as: undefined },
    manager: 'apt',
  }
  const checks = FILE_CHECKS.filter(({ name }) => name === 'stats socket')
  const told = await examine(node, checks)
  assert.deepEqual(told.map(line), [
    "problem: HAProxy's stats socket /nowhere/lb-agent-test.sock does not exist: HAProxy does not run, or has not read a release of lb-agent. → lb-agent status says which",
  ])
})
