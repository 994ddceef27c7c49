import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { jsonSchema } from '../../src/spec/json-schema.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import type { Service, Spec } from '../../src/spec/spec.ts'
import { undescribed } from '../support/json-schema.ts'

test('reads the cluster of the design, with every default filled in', () => {
  const spec = specOf(example('k3s-ha'))
  const prefer = ['k8s-api-lb', 'loadbalancer1', 'loadbalancer2']
  const server = (name: string, address: string) => ({ name, address, port: undefined, weight: 1, backup: false })
  const ingress = {
    vip: 'ingress',
    pool: 'workers',
    profile: 'tcp',
    mode: 'tcp',
    balance: 'roundrobin',
    minimumServers: 1,
    sendProxy: 'none',
    check: { kind: 'tcp', intervalMs: 1000, rise: 2, fall: 2 },
    timeouts: { connectMs: 2000, clientMs: 60_000, serverMs: 60_000, tunnelMs: 3_600_000 },
  } as const
  assert.deepEqual(spec, {
    version: 1,
    cluster: 'k3s-home',
    nodes: [
      { name: 'k8s-api-lb', address: '192.168.0.30', interface: 'br0' },
      { name: 'loadbalancer1', address: '10.17.3.12', interface: 'eth0' },
      { name: 'loadbalancer2', address: '10.17.3.13', interface: 'eth0' },
    ],
    vrrp: { transport: 'unicast', advertIntervalMs: 100, failbackMs: 10_000, dampingMs: 2_000 },
    vips: [
      {
        name: 'api',
        address: '10.17.5.10',
        prefixLength: 32,
        virtualRouterId: 61,
        prefer,
        extraAddresses: [],
        requireHealthyOnce: false,
      },
      {
        name: 'ingress',
        address: '10.17.5.30',
        prefixLength: 32,
        virtualRouterId: 62,
        prefer,
        extraAddresses: [],
        requireHealthyOnce: false,
      },
    ],
    pools: [
      {
        name: 'masters',
        servers: [server('master1', '10.17.4.21'), server('master2', '10.17.4.22'), server('master3', '10.17.4.23')],
      },
      {
        name: 'workers',
        servers: [
          server('worker1', '10.17.4.24'),
          server('worker2', '10.17.4.25'),
          server('worker3', '10.17.4.26'),
          server('storage1', '10.17.4.27'),
        ],
      },
    ],
    services: [
      {
        name: 'kubernetes-api',
        vip: 'api',
        port: 6443,
        pool: 'masters',
        profile: 'kubernetes-api',
        mode: 'tcp',
        balance: 'leastconn',
        serverPort: 6443,
        minimumServers: 1,
        sendProxy: 'none',
        check: {
          kind: 'https',
          path: '/readyz',
          host: undefined,
          expect: [200, 401],
          intervalMs: 1000,
          rise: 2,
          fall: 2,
        },
        timeouts: { connectMs: 2000, clientMs: 14_400_000, serverMs: 14_400_000, tunnelMs: 14_400_000 },
      },
      { name: 'ingress-http', port: 80, serverPort: 80, ...ingress },
      { name: 'ingress-https', port: 443, serverPort: 443, ...ingress },
    ],
    haproxy: { maxConnections: 8_000, log: 'errors', hardStopAfterMs: 900_000, healthPort: 8405 },
    accept: [{ rule: 'VIP-SUBNET', reason: 'br0 of k8s-api-lb bridges both networks' }],
  } satisfies Spec)
})

test('reads the starter file', () => {
  const [http, https] = specOf(example('one-pair')).services
  assert.deepEqual(http?.check, {
    kind: 'http',
    path: '/healthz',
    host: undefined,
    expect: [200],
    intervalMs: 1000,
    rise: 2,
    fall: 2,
  })
  assert.deepEqual([https?.mode, https?.sendProxy, https?.serverPort], ['tcp', 'v2', 8443])
})

test('reads a VIP of both IP versions', () => {
  assert.deepEqual(specOf(example('dual-stack')).vips, [
    {
      name: 'web',
      address: 'fd00:17:5::10',
      prefixLength: 128,
      virtualRouterId: 71,
      prefer: ['lb1', 'lb2'],
      extraAddresses: [{ address: '10.17.5.10', prefixLength: 32 }],
      requireHealthyOnce: false,
    },
  ])
})

test('writes IPv6 addresses in their canonical form', () => {
  const text = example('dual-stack').replace('fd00:17:5::10', 'FD00:0017:5:0:0:0:0:0010/64')
  assert.deepEqual(specOf(text).vips[0]?.address, 'fd00:17:5::10')
  assert.deepEqual(specOf(text).vips[0]?.prefixLength, 64)
})

test('reads how a node fails back', () => {
  const failback = (written: string) =>
    specOf(example('dual-stack').replace('vips:', `vrrp: { failback: ${written} }\nvips:`)).vrrp.failbackMs
  assert.deepEqual([failback('manual'), failback('{ after: 1m }'), failback('{}')], ['manual', 60_000, 10_000])
})

test('reads every unit of a duration', () => {
  const service = serviceWith('timeouts: { connect: 100ms, client: 10s, server: 5m, tunnel: 1d }')
  assert.deepEqual(service.timeouts, { connectMs: 100, clientMs: 10_000, serverMs: 300_000, tunnelMs: 86_400_000 })
})

test('keeps the check of the profile where a check names only its interval', () => {
  const check = serviceWith('profile: kubernetes-api, check: { interval: 500ms }').check
  const rhythm = { intervalMs: 500, rise: 2, fall: 2 }
  assert.deepEqual(check, { kind: 'https', path: '/readyz', host: undefined, expect: [200, 401], ...rhythm })
})

test('counts 401 as down in the profile kubernetes-api when told so', () => {
  assert.deepEqual(expectOf('profile: kubernetes-api, check: { unauthorized: down }'), [200])
})

test('takes a written expect as it is, and adds 401 to it only when told so', () => {
  assert.deepEqual(expectOf('profile: kubernetes-api, check: { expect: 200 }'), [200])
  assert.deepEqual(expectOf('check: { type: http, expect: [200, 204], unauthorized: up }'), [200, 204, 401])
})

test('reads a check that is a type alone', () => {
  const check = serviceWith('profile: kubernetes-api, check: tcp').check
  assert.deepEqual(check, { kind: 'tcp', intervalMs: 1000, rise: 2, fall: 2 })
})

test('allows a service on the port of the health listener, which is on the loopback address', () => {
  assert.deepEqual(specOf(example('k3s-ha').replace('port: 6443', 'port: 8405')).services[0]?.port, 8405)
})

test('allows one virtual router id for a VIP of each IP version', () => {
  const vip = 'v6: { address: "fd00::5", virtualRouterId: 61, prefer: [loadbalancer1] }'
  const text = example('k3s-ha').replace('  api: ', `  ${vip}\n  api: `).replace('unicast', 'multicast')
  assert.deepEqual(
    specOf(text).vips.map((vip) => vip.virtualRouterId),
    [61, 61, 62],
  )
})

test('explains every key of both files to editors', () => {
  const bare = [...undescribed(jsonSchema('lb'), 'lb'), ...undescribed(jsonSchema('agent'), 'agent')]
  assert.deepEqual(bare, [])
})

test('describes the files as people write them, with defaults that are not yet numbers', () => {
  const schema = JSON.parse(JSON.stringify(jsonSchema('lb')))
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')
  assert.deepEqual(schema.required, ['version', 'cluster', 'nodes', 'vips'])
  const { title, default: written, type, pattern } = schema.properties.vrrp.properties.advertInterval
  assert.deepEqual(
    { title, written, type, pattern },
    { title: 'Advert interval', written: '100ms', type: 'string', pattern: '^\\d{1,9}(?:ms|s|m|h|d)$' },
  )
})

function expectOf(keys: string): readonly number[] {
  const { check } = serviceWith(keys)
  return check.kind === 'tcp' ? [] : check.expect
}

function serviceWith(keys: string): Service {
  const [service] = specOf(example('k3s-ha').replace('profile: kubernetes-api', keys)).services
  assert.ok(service)
  return service
}

function specOf(text: string): Spec {
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind === 'spec') return parsed.spec
  assert.fail(parsed.problems.map(formatProblem).join('\n'))
}

function example(name: string): string {
  return readFileSync(new URL(`../../examples/${name}/lb.yaml`, import.meta.url), 'utf8')
}
