import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { AgentConfig } from '../../src/spec/agent-config.ts'
import { parse, problemsOf } from '../support/agent-yaml.ts'

test('needs nothing but the URL of the repository', () => {
  assert.deepEqual(parse('repository: { url: "ssh://git@git.lan/lb-config.git" }'), {
    kind: 'config',
    config: {
      node: 'lb1',
      repository: { url: 'ssh://git@git.lan/lb-config.git', branch: 'main', path: '.', everyMs: 30_000 },
      supervisor: 'systemd',
      http: { host: '127.0.0.1', port: 9853, names: [], auth: undefined, tls: undefined },
      paths: {
        state: '/var/lib/lb-agent',
        runtime: '/run/lb-agent',
        haproxyConfig: '/etc/haproxy/haproxy.cfg',
        keepalivedConfig: '/etc/keepalived/keepalived.conf',
        launcher: '/usr/bin/lb-agent',
      },
      metrics: { haproxy: 'builtin' },
      haproxy: { binary: 'haproxy', user: 'haproxy', group: 'haproxy', pidFile: '/run/haproxy.pid' },
      keepalived: { binary: 'keepalived' },
      health: { everyMs: 100, timeoutMs: 150, fall: 2, rise: 2 },
      apply: { confirmWindowMs: 3000, reloadTimeoutMs: 6000 },
      trust: { rewinds: 'refuse' },
      hooks: { directory: '/etc/lb-agent/hooks.d', timeoutMs: 10_000 },
      webhooks: [],
    } satisfies AgentConfig,
  })
})

test('takes what the file says over every default', () => {
  const text = `
node: loadbalancer1
repository: { url: /srv/lb.git, branch: env/home, path: clusters/home, every: 5m }
supervisor: embedded
http:
  listen: "[::1]:9000"
  names: [lb1.lan]
  auth: { basic: { user: lb, password: { file: /password } }, bearer: { file: /bearer } }
  tls: { certificate: /cert.pem, key: /key.pem }
paths: { state: /s, runtime: /r, haproxyConfig: /h.cfg, keepalivedConfig: /k.conf, launcher: /l }
metrics: { haproxy: agent }
haproxy: { binary: /usr/sbin/haproxy, user: www, group: www, statsSocket: /r2/s, pidFile: /r2/pid }
keepalived: { binary: /usr/sbin/keepalived }
health: { every: 200ms, timeout: 1s, fall: 3, rise: 4 }
apply: { confirmWindow: 10s, reloadTimeout: 2s }
trust: { rewinds: accept }
hooks: { directory: /hooks, timeout: 3s }
webhooks:
  - { url: "https://chat.lan/x?key=1", headers: { X-Team: lb, Authorization: { file: /token } }, on: [move], timeout: 1s, retries: 0 }
`
  assert.deepEqual(parse(text), {
    kind: 'config',
    config: {
      node: 'loadbalancer1',
      repository: { url: '/srv/lb.git', branch: 'env/home', path: 'clusters/home', everyMs: 300_000 },
      supervisor: 'embedded',
      http: {
        host: '::1',
        port: 9000,
        names: ['lb1.lan'],
        auth: { basic: { user: 'lb', password: { file: '/password' } }, bearer: { file: '/bearer' } },
        tls: { certificate: '/cert.pem', key: '/key.pem', authority: '/cert.pem' },
      },
      paths: { state: '/s', runtime: '/r', haproxyConfig: '/h.cfg', keepalivedConfig: '/k.conf', launcher: '/l' },
      metrics: { haproxy: 'agent' },
      haproxy: { binary: '/usr/sbin/haproxy', user: 'www', group: 'www', statsSocket: '/r2/s', pidFile: '/r2/pid' },
      keepalived: { binary: '/usr/sbin/keepalived' },
      health: { everyMs: 200, timeoutMs: 1000, fall: 3, rise: 4 },
      apply: { confirmWindowMs: 10_000, reloadTimeoutMs: 2000 },
      trust: { rewinds: 'accept' },
      hooks: { directory: '/hooks', timeoutMs: 3000 },
      webhooks: [
        {
          url: 'https://chat.lan/x?key=1',
          headers: { 'X-Team': 'lb', Authorization: { file: '/token' } },
          on: ['move'],
          timeoutMs: 1000,
          retries: 0,
        },
      ],
    } satisfies AgentConfig,
  })
})

for (const [http, message] of [
  ['auth: {}', '1:51  http.auth is an empty mapping; auth is a mapping with basic, bearer or both'],
  [
    'auth: { basic: { user: lb, password: s3cret } }',
    '1:82  http.auth.basic.password is not usable; password is { file: /path }, a file that holds it in one line',
  ],
  [
    'auth: { bearer: s3cret }',
    '1:61  http.auth.bearer is not usable; bearer is { file: /path }, a file that holds it in one line',
  ],
  ['tls: { certificate: /c }', '1:45  http.tls.key is missing; key is the absolute path of a file'],
] as const) {
  test(`refuses ${http} without showing a secret`, () => {
    assert.deepEqual(problemsOf(`{ repository: { url: /srv/lb.git }, http: { ${http} } }`), [`agent.yaml:${message}`])
  })
}

const PATH = 'of at most 200 letters, digits and _.@+-/, without "." or ".." in it'
const rows: [name: string, line: string, problem: string][] = [
  [
    'refuses an unknown key',
    'supervisr: systemd',
    '2:1  supervisr is not a key here; the keys are node, repository, supervisor, http, paths, metrics, haproxy, keepalived, health, apply, trust, hooks, webhooks; did you mean supervisor?',
  ],
  [
    'refuses an unknown supervisor',
    'supervisor: docker',
    '2:13  supervisor is "docker"; supervisor is systemd or embedded',
  ],
  [
    'refuses a listener without a port',
    'http: { listen: 0.0.0.0 }',
    '2:17  http.listen is "0.0.0.0"; listen is an address and a port, such as 127.0.0.1:9853 or [::1]:9853',
  ],
  [
    'refuses a listener with an impossible port',
    'http: { listen: "0.0.0.0:70000" }',
    '2:17  http.listen is "0.0.0.0:70000"; listen is an address and a port, such as 127.0.0.1:9853 or [::1]:9853',
  ],
  [
    'refuses a relative path',
    'paths: { state: var/lib }',
    `2:17  paths.state is "var/lib"; a state directory is an absolute path ${PATH}`,
  ],
  [
    'refuses a path that is not normalised',
    'paths: { state: /var/../etc }',
    `2:17  paths.state is "/var/../etc"; a state directory is an absolute path ${PATH}`,
  ],
  [
    'refuses a path with a blank',
    'paths: { launcher: /opt/lb agent }',
    `2:20  paths.launcher is "/opt/lb agent"; launcher is an absolute path ${PATH}`,
  ],
  [
    'refuses a runtime directory too long for its sockets',
    `paths: { runtime: /${'r'.repeat(75)} }`,
    `2:19  paths.runtime is "/${'r'.repeat(59)}..."; a runtime directory is an absolute path of at most 75 letters, digits and _.@+-/, without "." or ".." in it`,
  ],
  [
    'refuses a user name with other characters',
    'haproxy: { user: "a b" }',
    '2:18  haproxy.user is "a b"; a user is 1-32 lower-case letters, digits, "_" or "-", and begins with a letter or "_"',
  ],
  [
    'refuses an endless wait',
    'apply: { reloadTimeout: 1h }',
    '2:25  apply.reloadTimeout is "1h"; reloadTimeout is a duration from 100ms to 10m, such as 100ms, 10s, 5m, 4h or 1d',
  ],
  [
    'refuses to serve metrics of HAProxy in both places',
    'metrics: { haproxy: both }',
    '2:21  metrics.haproxy is "both"; haproxy is builtin or agent',
  ],
  [
    'refuses an unknown answer to rewinds',
    'trust: { rewinds: ask }',
    '2:19  trust.rewinds is "ask"; rewinds is refuse or accept',
  ],
]
for (const [name, line, problem] of rows) {
  test(name, () =>
    assert.deepEqual(problemsOf(`repository: { url: /srv/lb.git }\n${line}\n`), [`agent.yaml:${problem}`]),
  )
}

const WEBHOOK =
  'a webhook URL is https://... or http://... without user name and password; put a secret into a header: { file: /path }'

for (const url of ['https://me:hunter2@chat.lan/x', 'ftp://chat.lan/hunter2', 'hunter2']) {
  test(`refuses the webhook ${url} without showing it`, () => {
    assert.deepEqual(problemsOf(JSON.stringify({ repository: { url: '/a' }, webhooks: [{ url }] })), [
      `agent.yaml:1:47  webhooks[0].url is not usable; ${WEBHOOK}`,
    ])
  })
}

test('refuses a header value with a line break without showing it, and headers that are not the user’s', () => {
  const headers = { Authorization: 'hunter2\r\nX: y', Host: 'x' }
  const problems = problemsOf(JSON.stringify({ repository: { url: '/a' }, webhooks: [{ url: 'https://a', headers }] }))
  assert.deepEqual(problems, [
    'agent.yaml:1:86  webhooks[0].headers.Authorization is not usable; a header value is printable ASCII, or { file: /path } for a file that holds it',
    'agent.yaml:1:104  webhooks[0].headers.Host is not a name here; a header name is letters, digits and "-", and not Host, Connection, Content-Length, Content-Type or Transfer-Encoding',
  ])
})

test('asks for a repository', () => {
  assert.deepEqual(problemsOf('node: lb1'), [
    'agent.yaml:1:1  repository is missing; repository is a mapping with the keys url, branch, path, every',
  ])
})

test('asks for a node name when the hostname is none', () => {
  assert.deepEqual(problemsOf('repository: { url: /a }', ''), [
    'agent.yaml  node is missing, and the hostname "" is no node name; set node to a name of lb.yaml',
  ])
})

test('the example that the packages bring is one', () => {
  assert.equal(parse(readFileSync('packaging/agent.yaml', 'utf8')).kind, 'config')
})
