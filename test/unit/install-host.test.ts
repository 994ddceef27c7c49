import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startsNotAtBoot } from '../../src/at-boot.ts'
import { haproxyOfUnit } from '../../src/install/haproxy-unit.ts'
import { hostKeysOf } from '../../src/install/host-key.ts'
import { commandsOf, NEEDS, planPackages } from '../../src/install/packages.ts'

test('Debian’s HAProxy needs no line in agent.yaml', () => {
  // systemd 252, HAProxy 2.6.12-1+deb12u3.
  const shown = `ExecStart={ path=/usr/sbin/haproxy ; argv[]=/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Environment=CONFIG=/etc/haproxy/haproxy.cfg PIDFILE=/run/haproxy.pid "EXTRAOPTS=-S /run/haproxy-master.sock"
User=
RuntimeDirectory=
`
  assert.deepEqual(haproxyOfUnit(shown), {})
})

test('the bakery’s HAProxy has its socket and its pid where its own user may write', () => {
  const shown = `ExecStart={ path=/usr/bin/haproxy ; argv[]=/usr/bin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy/haproxy.pid -S /run/haproxy/haproxy-master.sock ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Environment=
User=haproxy
RuntimeDirectory=haproxy
`
  assert.deepEqual(haproxyOfUnit(shown), {
    statsSocket: '/run/haproxy/lb-agent.sock',
    pidFile: '/run/haproxy/haproxy.pid',
  })
})

test('a unit that is not there, or says little, gives nothing', () => {
  assert.deepEqual(haproxyOfUnit(''), {})
  assert.deepEqual(haproxyOfUnit('User=root\nRuntimeDirectory=haproxy more\nExecStart=\nEnvironment=\n'), {})
  assert.deepEqual(
    haproxyOfUnit(`User=haproxy\nExecStart={ argv[]=haproxy -p \${PID} ; }\nEnvironment="PID=/run/h/p"\n`),
    {
      pidFile: '/run/h/p',
    },
  )
})

const NONE: readonly string[] = []
const [HAPROXY, KEEPALIVED, , KEYSCAN] = NEEDS
const POLKIT = NEEDS.at(-1)

function plan(manager: 'apt' | 'dnf' | 'sysext' | 'none', missing: typeof NEEDS, links = NONE, name = 'Distro 1') {
  const planned = planPackages({ name, manager }, missing, (link) => links.includes(link))
  return planned.kind === 'step' ? { kind: 'step', what: planned.step.what } : planned
}

test('what is there is not installed', () => {
  for (const manager of ['apt', 'dnf', 'sysext', 'none'] as const)
    assert.deepEqual(plan(manager, []), { kind: 'there' })
})

test('packages are named as their distribution does', () => {
  assert.ok(HAPROXY !== undefined && KEYSCAN !== undefined && POLKIT !== undefined)
  const missing = [HAPROXY, KEYSCAN, POLKIT]
  assert.deepEqual(plan('apt', missing), { kind: 'step', what: 'install haproxy, openssh-client, polkitd (apt-get)' })
  assert.deepEqual(plan('dnf', missing), { kind: 'step', what: 'install haproxy, openssh-clients, polkit (dnf)' })
})

test('Flatcar is told which extensions are missing, and which are not merged', () => {
  assert.ok(HAPROXY !== undefined && KEEPALIVED !== undefined && POLKIT !== undefined)
  assert.deepEqual(plan('sysext', [HAPROXY, KEEPALIVED, POLKIT], ['/etc/extensions/keepalived.raw']), {
    kind: 'obstacles',
    obstacles: [
      {
        what: 'haproxy is missing (it serves the clients), and Flatcar has no package manager',
        fix: 'put haproxy-….raw of https://extensions.flatcar.org into /opt/extensions/haproxy/, link /etc/extensions/haproxy.raw to it, systemctl restart systemd-sysext; better: examples/flatcar has the Butane file that brings all of it at the first boot',
      },
      {
        what: 'extension /etc/extensions/keepalived.raw is there, but keepalived is not: systemd has not merged it (another SYSEXT_LEVEL, another architecture, or not yet)',
        fix: 'SYSTEMD_LOG_LEVEL=debug systemd-sysext refresh says why; then run lb-agent install again',
      },
      {
        what: 'polkit is missing (the agent has no right of its own to reload HAProxy and keepalived), which is part of Flatcar itself',
        fix: 'is this a Flatcar of today? update_engine_client -update; then run lb-agent install again',
      },
    ],
  })
})

test('a distribution without a package manager that we know is told what it needs', () => {
  assert.ok(KEEPALIVED !== undefined)
  const fix = 'install keepalived as this distribution does it, then run lb-agent install again'
  assert.deepEqual(plan('none', [KEEPALIVED], NONE, 'Void Linux'), {
    kind: 'obstacles',
    obstacles: [
      {
        what: 'keepalived is not installed (it holds the VIPs), and lb-agent knows no package manager of Void Linux',
        fix,
      },
    ],
  })
  assert.deepEqual(plan('none', [KEEPALIVED], NONE, 'unknown'), {
    kind: 'obstacles',
    obstacles: [
      {
        what: 'keepalived is not installed (it holds the VIPs), and lb-agent knows no package manager of this distribution',
        fix,
      },
    ],
  })
})

test('apt fetches before it unpacks, waits for another apt, and keeps a file that a person has written', () => {
  const { fetch, refresh, unpack } = commandsOf('apt', ['haproxy', 'git'])
  const words =
    'apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'
  assert.equal(fetch.join(' '), `${words} --download-only haproxy git`)
  assert.equal(refresh.join(' '), 'apt-get update -q -o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any')
  assert.equal(unpack.join(' '), `${words} haproxy git`)
})

test('dnf fetches before it unpacks, without weak dependencies', () => {
  const { fetch, refresh, unpack } = commandsOf('dnf', ['haproxy'])
  assert.equal(fetch.join(' '), 'dnf install -y --setopt=install_weak_deps=False --downloadonly haproxy')
  assert.equal(refresh.join(' '), 'dnf makecache')
  assert.equal(unpack.join(' '), 'dnf install -y --setopt=install_weak_deps=False haproxy')
})

test('only units that systemctl could enable are to be enabled', () => {
  const enabled = [
    'enabled',
    'static',
    'indirect',
    'linked',
    'masked',
    'generated',
    '',
    'disabled',
    'enabled-runtime',
  ].filter((file) => startsNotAtBoot({ file, pulledInBy: [] }))
  assert.deepEqual(enabled, ['disabled', 'enabled-runtime'])
  const upheld = ['disabled', 'enabled-runtime'].map((file) =>
    startsNotAtBoot({ file, pulledInBy: ['multi-user.target'] }),
  )
  assert.deepEqual(upheld, [false, true], 'an extension upholds it; a link in /run is gone at the next boot')
  assert.equal(startsNotAtBoot({ file: 'disabled', pulledInBy: ['other.service'] }), true)
})

// Made with ssh-keygen 9.2, and read with ssh-keygen -l.
const SCANNED = [
  '[git.lan]:2222 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDUaqap5et+KC2naZGeZN/calya14eEKb0qUORQiToELP6wTNEZb90SFu2J0OkA637PN/jqHHslR/9cjVKz0AGZZY0kCmuTKPe7GnKpjHpkktzclh3JJZssjmRdP1A6Tjg3yMbRQ0heGK/ugmhB3Ptl6dFqYua3Z1+2Kn6roW5APgNVxrTPByjh4HpbxT4x/Zu3NnDEBimJKQLiFhxXf8ZN/RzXdkN0VQettSof9d+NJ7/J2LB3sE9HcnSYrJ2YfiTY/8CIu4SU+dmKE51zR5sCaAfDv0svSkQMvbOyPVtVZ5AgTA+Z7nH7TJV8KyzoEmq0maWtlPknAts/rDa+tb/dZa5B0bmLznDwy5NAZNTNgdemXKuNkh8DcER9nvh8ln2HQyypb2WUMdgWDQ9UxmYQsw1FOsPLrXQDka50Gh3z1NyiZKTae3m2vN3Q4N91nZSKJfUXCpHGQGu8tpGLRweUloiUdRiyXMHT3w7cGIRmYQ/TD6L14AKxmV5ztFaatvs= c',
  '[git.lan]:2222 ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBORSAq6QUerHldrfMTjHPIFL5FTvykX9sa2fIVmIF/p3CA7IBgXVhaBQXZqLCPW8p1tNFtQwDH9JibSsrm5QNns= c',
  '[git.lan]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILyaddwXFanr6lfytrQj2sy8cwxQSU0asirGN6SS+mfV c',
]

test('fingerprints are those of ssh-keygen, ED25519 first', () => {
  const text = `# git.lan:2222 SSH-2.0-OpenSSH_9.2p1\n${SCANNED.join('\n')}\nnonsense\ngit.lan ssh-ed25519\n`
  assert.deepEqual(hostKeysOf(text), [
    { line: SCANNED[2], fingerprint: 'SHA256:ZWQxzaz8FabI/rIAbYkfNkDxu56XJPyp7wviQK1v16s', type: 'ED25519' },
    { line: SCANNED[0], fingerprint: 'SHA256:B/TraHZMAPIpKmwYtnwzIWGNiDfYRr/iz72OeMhlNqo', type: 'RSA' },
    { line: SCANNED[1], fingerprint: 'SHA256:2ds4HSGM3jec5VaHwWRwpwal8178YjNF5c8421PMysc', type: 'ECDSA' },
  ])
  assert.deepEqual(
    hostKeysOf(`@cert-authority *.lan ${SCANNED[2]?.split(' ').slice(1).join(' ')}`).map(
      ({ fingerprint }) => fingerprint,
    ),
    ['SHA256:ZWQxzaz8FabI/rIAbYkfNkDxu56XJPyp7wviQK1v16s'],
  )
  assert.deepEqual(hostKeysOf(''), [])
})
