import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAgentConfig } from '../../src/spec/parse-agent-config.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { readButane } from '../support/flatcar.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const transfer = readFileSync('examples/flatcar/lb-agent.sysupdate.conf', 'utf8')
const { passwd, storage, systemd } = readButane()
const inline = (path: string): string => {
  const file = storage.files.find((one) => one.path === path)
  assert.ok(file !== undefined && 'inline' in file.contents, path)
  return file.contents.inline
}

test('the Butane file brings the three extensions, each under the name that is merged', () => {
  assert.deepEqual(
    storage.links.map(({ path }) => path),
    ['/etc/extensions/lb-agent.raw', '/etc/extensions/haproxy.raw', '/etc/extensions/keepalived.raw'],
  )
  const fetched = storage.files.filter(({ contents }) => 'source' in contents).map(({ path }) => path)
  assert.deepEqual(
    storage.links.map(({ target }) => target),
    fetched,
  )
  for (const { path, contents } of storage.files)
    if ('source' in contents) assert.equal(contents.source.split('/').at(-1), path.split('/').at(-1))
  assert.ok(fetched.includes(`/opt/extensions/lb-agent/lb-agent-${version}-x86-64.raw`))
})

test('every file that it names beside it is there, but for the secrets', () => {
  const named = storage.files.flatMap(({ contents }) => ('local' in contents ? [contents.local] : []))
  assert.deepEqual(named, ['secrets/id_ed25519', 'secrets/known_hosts', 'lb-agent.sysupdate.conf'])
})

test('owners are users that it makes, and nobody else reads the key', () => {
  const users = passwd.users.map(({ name }) => name)
  assert.deepEqual(
    passwd.users.map((user) => user.primary_group),
    passwd.groups.map(({ name }) => name),
  )
  for (const { path, user, mode } of [...storage.files, ...storage.directories]) {
    if (user !== undefined) assert.ok(users.includes(user.name), path)
    if (path.endsWith('id_ed25519')) assert.equal(mode, 0o600)
    else if (path === '/var/lib/lb-agent/ssh') assert.equal(mode, 0o700)
    else assert.ok(mode === 0o644 || mode === 0o755, path)
  }
})

test('agent.yaml in it is valid, for a node of lb.yaml with the address of its interface', () => {
  const parsed = parseAgentConfig(inline('/etc/lb-agent/agent.yaml'), 'agent.yaml', { hostname: 'other' })
  assert.ok(parsed.kind === 'config', JSON.stringify(parsed))
  const { node, haproxy } = parsed.config
  assert.equal(inline('/etc/hostname'), node)
  // The bakery's unit: RuntimeDirectory=haproxy, -p /run/haproxy/haproxy.pid.
  assert.deepEqual([haproxy.statsSocket, haproxy.pidFile], ['/run/haproxy/lb-agent.sock', '/run/haproxy/haproxy.pid'])
  const spec = parseSpec(readFileSync('examples/flatcar/lb.yaml', 'utf8'), 'lb.yaml')
  assert.ok(spec.kind === 'spec')
  const described = spec.spec.nodes.find(({ name }) => name === node)
  const network = inline('/etc/systemd/network/10-lb.network')
  assert.ok(network.includes(`\nName=${described?.interface}\n`))
  assert.ok(network.includes(`\nAddress=${described?.address}/`))
  assert.match(network, /^KeepConfiguration=static$/m)
})

test('HAProxy is enabled, and may bind transparently', () => {
  const haproxy = systemd.units.find(({ name }) => name === 'haproxy.service')
  assert.equal(haproxy?.enabled, true)
  assert.match(
    haproxy?.dropins?.[0]?.contents ?? '',
    /^AmbientCapabilities=CAP_NET_RAW\nCapabilityBoundingSet=CAP_NET_RAW$/m,
  )
})

test('sysupdate fetches what make package builds, to where the link points', () => {
  for (const line of [
    'MatchPattern=lb-agent-@v-%a.raw',
    'Path=/opt/extensions/lb-agent',
    'CurrentSymlink=/etc/extensions/lb-agent.raw',
  ])
    assert.ok(transfer.split('\n').includes(line), line)
  assert.ok(storage.files.some(({ path }) => path === '/etc/sysupdate.lb-agent.d/lb-agent.conf'))
  const service = systemd.units.find(({ name }) => name === 'systemd-sysupdate.service')
  assert.match(service?.dropins?.[0]?.contents ?? '', /systemd-sysupdate -C lb-agent update$/m)
})
