import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readAsset, readEngine } from '../../src/assets.ts'
import { keepalivedSeconds } from '../../src/render/durations.ts'
import { expectationOf } from '../../src/render/expectation.ts'
import { renderFiles } from '../../src/render/render-files.ts'
import type { RenderedFiles, RenderTarget } from '../../src/render/render-target.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { formatDuration } from '../../src/spec/duration.ts'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { formatProblem } from '../../src/spec/problem.ts'
import type { Spec } from '../../src/spec/spec.ts'
import { type Block, readHaproxy, readKeepalived } from './render-read.ts'

const engine = createTemplateEngine(readEngine())
const K3S = readFileSync(new URL('../../examples/k3s-ha/lb.yaml', import.meta.url), 'utf8')

test('the profile kubernetes-api keeps silent watches open, asks silent peers, and ends streams of a server that goes down', () => {
  const { frontend, backend } = serviceOf(filesOf(K3S, 'loadbalancer1'), 'kubernetes-api')
  assert.deepEqual(frontend, [
    'mode tcp',
    'bind 10.17.5.10:6443 transparent',
    'option tcplog',
    'option clitcpka',
    'clitcpka-idle 1m',
    'clitcpka-intvl 10s',
    'clitcpka-cnt 6',
    'timeout client 4h',
    'default_backend kubernetes-api-servers',
  ])
  assert.deepEqual(backend, [
    'mode tcp',
    'balance leastconn',
    'option srvtcpka',
    'srvtcpka-idle 1m',
    'srvtcpka-intvl 10s',
    'srvtcpka-cnt 6',
    'timeout connect 2s',
    'timeout server 4h',
    'timeout tunnel 4h',
    'timeout check 2s',
    'option httpchk',
    'http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host lb-agent',
    'http-check expect status 200,401',
    'default-server check check-ssl verify none inter 1s fastinter 500ms rise 2 fall 2 on-marked-down shutdown-sessions',
    'server master1 10.17.4.21:6443',
    'server master2 10.17.4.22:6443',
    'server master3 10.17.4.23:6443',
  ])
})

test('the profile http tells servers the client address and bounds slow requests', () => {
  const text = K3S.replace('profile: tcp', 'profile: http')
  assert.deepEqual(serviceOf(filesOf(text, 'loadbalancer1'), 'ingress-http').frontend, [
    'mode http',
    'bind 10.17.5.30:80 transparent',
    'option httplog',
    'option forwardfor',
    'timeout http-request 10s',
    'timeout http-keep-alive 30s',
    'timeout client 1m',
    'default_backend ingress-http-servers',
  ])
})

test('a check that takes 401 for up says in the file what that proves', () => {
  const comment =
    '    # 401 counts as up: K3s refuses anonymous questions, so it proves that the API server answers, not that it is ready.\n    http-check expect status 200,401\n'
  assert.ok(filesOf(K3S, 'loadbalancer1').haproxy.includes(comment))
  const strict = K3S.replace('profile: kubernetes-api', 'profile: kubernetes-api, check: { unauthorized: down }')
  assert.ok(!filesOf(strict, 'loadbalancer1').haproxy.includes('401'))
})

test('a source keeps its server when another one goes down', () => {
  const text = K3S.replace('profile: tcp', 'balance: source')
  assert.deepEqual(serviceOf(filesOf(text, 'loadbalancer1'), 'ingress-http').backend.slice(1, 3), [
    'balance source',
    'hash-type consistent',
  ])
})

test('the health listener stands on the loopback address, with room that no service can take', () => {
  const files = filesOf(K3S, 'loadbalancer1')
  assert.deepEqual(linesOf(files, 'frontend lb-agent:health'), [
    'mode http',
    'no log',
    'bind 127.0.0.1:8405',
    'timeout http-request 5s',
    'timeout http-keep-alive 60s',
    'http-request return status 200 content-type text/plain string alive if { path /alive }',
    '.if feature(PROMEX)',
    'http-request use-service prometheus-exporter if { path /metrics }',
    '.endif',
    'http-request return status 404',
  ])
  assert.ok(linesOf(files, 'global').includes('maxconn 8100'))
  assert.ok(linesOf(files, 'defaults').includes('maxconn 8000'))
})

test('no service can take the name of the health listener', () => {
  const parsed = parseSpec(K3S.replace('ingress-http:', '"lb-agent:health":'), 'lb.yaml')
  assert.equal(parsed.kind, 'problems')
})

test('the description ends with the release, and both files name it in their first line', () => {
  const files = filesOf(K3S, 'loadbalancer1', '0123456789ab-01234567')
  assert.equal(linesOf(files, 'global')[0], 'description k3s-home/loadbalancer1 0123456789ab-01234567')
  assert.deepEqual(
    [files.haproxy, files.keepalived].map((text) => text.split('\n')[0]),
    [
      '# HAProxy of loadbalancer1 in cluster k3s-home, release 0123456789ab-01234567',
      '# keepalived of loadbalancer1 in cluster k3s-home, release 0123456789ab-01234567',
    ],
  )
})

test('without a release no line ends with a blank', () => {
  const { haproxy, keepalived } = filesOf(K3S, 'loadbalancer1', '')
  assert.equal(haproxy.split('\n')[0], '# HAProxy of loadbalancer1 in cluster k3s-home')
  assert.doesNotMatch(haproxy + keepalived, / $/m)
})

test('base priorities run from 154 downwards in the order of prefer', () => {
  const nodes = ['k8s-api-lb', 'loadbalancer1', 'loadbalancer2']
  assert.deepEqual(
    nodes.map((node) => insideOf(filesOf(K3S, node), 'vrrp_instance api')[3]),
    ['priority 154', 'priority 153', 'priority 141'],
  )
})

test('peers are the other nodes', () => {
  assert.deepEqual(insideOf(filesOf(K3S, 'loadbalancer1'), 'vrrp_instance api', 'unicast_peer'), [
    '192.168.0.30',
    '10.17.3.13',
  ])
})

test('a VIP has no instance on a node that may not hold it', () => {
  const text = K3S.replace(
    'virtualRouterId: 61, prefer: [k8s-api-lb, loadbalancer1, loadbalancer2]',
    'virtualRouterId: 61, prefer: [loadbalancer2, k8s-api-lb]',
  )
  const files = filesOf(text, 'loadbalancer1')
  assert.deepEqual(
    insideOf(files).filter((head) => head.startsWith('vrrp_instance')),
    ['vrrp_instance ingress'],
  )
  // HAProxy serves it all the same: the file of a node does not depend on who holds what.
  assert.equal(linesOf(files, 'frontend kubernetes-api')[1], 'bind 10.17.5.10:6443 transparent')
})

test('where the agent serves HAProxy’s figures, HAProxy does not', () => {
  const builtin = filesOf(K3S, 'loadbalancer1')
  const agent = filesOf(K3S, 'loadbalancer1', undefined, { haproxy: 'agent' })
  const exporter =
    '.if feature(PROMEX)\n    http-request use-service prometheus-exporter if { path /metrics }\n.endif\n'
  assert.equal(agent.haproxy, builtin.haproxy.replace(exporter, ''))
  assert.equal(agent.haproxy.includes('/metrics'), false)
  assert.equal(agent.keepalived, builtin.keepalived)
})

test('an IPv6 VIP is not checked for duplicates, which would take a second of each takeover', () => {
  const text = readFileSync(new URL('../../examples/dual-stack/lb.yaml', import.meta.url), 'utf8')
  const files = filesOf(text, 'lb1')
  // keepalived's word -nodad would take the kernel's flag nodad off, which it sets by itself.
  assert.deepEqual(insideOf(files, 'vrrp_instance web', 'virtual_ipaddress'), ['fd00:17:5::10/128 dev eth0'])
  assert.deepEqual(insideOf(files, 'vrrp_instance web', 'virtual_ipaddress_excluded'), ['10.17.5.10/32 dev eth0'])
})

test('keepalived runs no script but lb-agent check, and only with its security on', () => {
  const files = filesOf(K3S, 'loadbalancer1')
  assert.deepEqual(insideOf(files, 'global_defs').slice(2, 4), ['enable_script_security', 'script_user root'])
  assert.equal(
    insideOf(files, 'vrrp_script haproxy_serves')[0],
    'script "/usr/bin/lb-agent check --runtime /run/lb-agent --health-port 8405"',
  )
})

test('what is expected of a node are its instances and every service', () => {
  const prefer = ['k8s-api-lb', 'loadbalancer1', 'loadbalancer2']
  const service = { vip: 'ingress', address: '10.17.5.30', servers: 4, minimumServers: 1 }
  const vip = {
    basePriority: 153,
    interface: 'eth0',
    prefer,
    requireHealthyOnce: false,
    prefixLength: 32,
    extraAddresses: [],
  }
  assert.deepEqual(expectationOf(specOf(K3S), { node: 'loadbalancer1', metrics: { haproxy: 'builtin' } }), {
    cluster: 'k3s-home',
    healthPort: 8405,
    haproxyMetrics: 'builtin',
    advertIntervalMs: 100,
    failbackMs: 10_000,
    dampingMs: 2_000,
    peers: [
      { name: 'k8s-api-lb', address: '192.168.0.30' },
      { name: 'loadbalancer2', address: '10.17.3.13' },
    ],
    vips: [
      { name: 'api', address: '10.17.5.10', virtualRouterId: 61, ...vip },
      { name: 'ingress', address: '10.17.5.30', virtualRouterId: 62, ...vip },
    ],
    services: [
      {
        name: 'kubernetes-api',
        vip: 'api',
        address: '10.17.5.10',
        port: 6443,
        backend: 'kubernetes-api-servers',
        servers: 3,
        minimumServers: 1,
      },
      { name: 'ingress-http', ...service, port: 80, backend: 'ingress-http-servers' },
      { name: 'ingress-https', ...service, port: 443, backend: 'ingress-https-servers' },
    ],
  })
})

test('damping is never shorter than the time in which nodes see the same outage differently', () => {
  const slow = K3S.replace('port: 80, ', 'port: 80, check: { interval: 4s }, ')
  assert.equal(expectationOf(specOf(slow), { node: 'loadbalancer1', metrics: { haproxy: 'builtin' } }).dampingMs, 5_000)
})

test('durations are written with the largest unit that fits without a rest', () => {
  assert.deepEqual([1, 500, 1000, 1500, 90_000, 900_000, 14_400_000, 86_400_000].map(formatDuration), [
    '1ms',
    '500ms',
    '1s',
    '1500ms',
    '90s',
    '15m',
    '4h',
    '1d',
  ])
  assert.deepEqual([10, 100, 1000, 40_950].map(keepalivedSeconds), ['0.01', '0.10', '1.00', '40.95'])
})

test('HAProxy makes its stats socket where agent.yaml says, and nothing else changes', () => {
  const usual = filesOf(K3S, 'loadbalancer1')
  const elsewhere = filesOf(K3S, 'loadbalancer1', undefined, undefined, {
    ...{ user: 'haproxy', group: 'haproxy' },
    statsSocket: '/run/haproxy/lb-agent.sock',
  })
  assert.deepEqual(elsewhere, {
    ...usual,
    haproxy: usual.haproxy.replace(
      'stats socket /run/lb-agent/haproxy.sock ',
      'stats socket /run/haproxy/lb-agent.sock ',
    ),
  })
  assert.notDeepEqual(elsewhere, usual)
})

function serviceOf(files: RenderedFiles, name: string): { frontend: readonly string[]; backend: readonly string[] } {
  return { frontend: linesOf(files, `frontend ${name}`), backend: linesOf(files, `backend ${name}-servers`) }
}

/** The directives of one section of haproxy.cfg. */
function linesOf({ haproxy }: RenderedFiles, head: string): string[] {
  const section = readHaproxy(haproxy).find((candidate) => candidate.head.join(' ') === head)
  return (section?.directives ?? []).map((words) => words.join(' '))
}

/** What stands in one block of keepalived.conf; a path leads into blocks of blocks. */
function insideOf({ keepalived }: RenderedFiles, ...path: readonly string[]): string[] {
  let blocks: readonly Block[] = readKeepalived(keepalived)
  for (const head of path) blocks = blocks.find(({ words }) => words.join(' ') === head)?.inside ?? []
  return blocks.map(({ words }) => words.join(' '))
}

function filesOf(
  text: string,
  node: string,
  release = '0123456789ab-89abcdef',
  metrics: RenderTarget['metrics'] = { haproxy: 'builtin' },
  haproxy: RenderTarget['haproxy'] = { user: 'haproxy', group: 'haproxy' },
): RenderedFiles {
  const paths = { state: '/var/lib/lb-agent', runtime: '/run/lb-agent', launcher: '/usr/bin/lb-agent' }
  const target: RenderTarget = { node, release, paths, haproxy, metrics }
  const rendered = renderFiles(engine, specOf(text), target, {
    haproxy: readAsset('templates/haproxy.cfg.j2'),
    keepalived: readAsset('templates/keepalived.conf.j2'),
  })
  if (rendered.kind === 'problems') throw new Error(rendered.problems.map(formatProblem).join('\n'))
  return rendered.files
}

function specOf(text: string): Spec {
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.spec
}
