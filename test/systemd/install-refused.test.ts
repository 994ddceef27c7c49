import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { putFile, readable } from '../support/booted-cluster.ts'
import { specText } from '../support/cluster.ts'
import { bootNodeWithGit, isRefused, type NodeWithGit } from '../support/installed.ts'
import { missingForBoots, missingPrograms } from '../support/requirements.ts'

const skip = missingForBoots() || missingPrograms('sshd', 'ssh-keygen')

suite('lb-agent install where something is in the way', { skip, timeout: 600_000 }, () => {
  let node: NodeWithGit
  before(async () => {
    node = await bootNodeWithGit()
  })
  after(() => node?.close())

  const words = (...options: readonly string[]) => ['lb-agent', 'install', '--repo', node.git.url, '--yes', ...options]
  const withKey = (...options: readonly string[]) =>
    words('--key', '/root/good', '--host-key', node.git.fingerprint(), ...options)
  /** In a mount namespace of its own. */
  const inMounts = (script: string, command: readonly string[]) => [
    ...['unshare', '-m', 'sh', '-c', `${script}; exec "$@"`, 'sh'],
    ...command,
  ]
  const is = (words: readonly string[], lines: readonly (string | RegExp)[], code = 1) =>
    isRefused(node.one, words, { code, lines })

  test('who cannot be asked must have said yes', async () => {
    await is(
      ['lb-agent', 'install', '--repo', node.git.url],
      ['lb-agent: this is no terminal, so nobody can be asked: add --yes, or --dry-run; nothing was changed'],
      2,
    )
    await is(
      ['lb-agent', 'install', '--repo', node.git.url, '--json'],
      ['lb-agent: --json asks nobody: add --yes, or --dry-run; nothing was changed'],
      2,
    )
    await is(
      ['setpriv', '--reuid=nobody', '--clear-groups', ...words()],
      ['lb-agent: install changes this host: run it as root, or with sudo; nothing was changed'],
      2,
    )
  })

  test('a repository must be named, and be one that lb-agent fetches from', async () => {
    await is(
      ['lb-agent', 'install', '--yes'],
      ['problem  /etc/lb-agent/agent.yaml is not there, and no repository was named', '  → --repo URL'],
    )
    const said = await is(
      ['lb-agent', 'install', '--yes', '--repo', 'https://ada:hunter2@git.lan/lb.git'],
      [/repository\.url carries a user name or password; remove it and use an ssh key/],
    )
    assert.doesNotMatch(said, /hunter2/)
  })

  test('a key is needed, and one with a passphrase or another file is none', async () => {
    await is(words('--host-key', node.git.fingerprint()), [
      `problem  ${node.git.url} is read by ssh, and the agent has no key`,
      '  → --key FILE takes one of yours (without a passphrase), --new-key makes a deploy key and shows its public half',
    ])
    await is(words('--host-key', node.git.fingerprint(), '--key', '/root/locked'), [
      'problem  /root/locked cannot be used: it has a passphrase',
      '  → nobody is there to type a passphrase when the agent fetches: ssh-keygen -p takes it away, or --new-key makes a key for lb-agent alone',
    ])
    await is(words('--host-key', node.git.fingerprint(), '--key', '/root/good.pub'), [
      'problem  /root/good.pub is no private key',
    ])
    await is(words('--host-key', node.git.fingerprint(), '--key', '/root/none'), [
      /^problem {2}\/root\/none cannot be read: ENOENT/m,
    ])
  })

  test('a key or a host key for a repository that ssh does not read is refused, not passed over', async () => {
    await is(
      ['lb-agent', 'install', '--yes', '--repo', 'file:///srv/lb-config', '--key', '/root/good'],
      [
        'problem  --key is for a repository that is read by ssh, and file:///srv/lb-config is a directory of this host',
        '  → leave it out, or name the repository as ssh reads it: --repo ssh://… or user@host:path',
      ],
    )
  })

  test('a host key is pinned by its fingerprint alone', async () => {
    await is(words('--key', '/root/good'), [
      `problem  the host key of 10.9.1.1 is not pinned yet; it offers ${node.git.fingerprint()} (ED25519)`,
      `  → compare with what the git server says of itself (ssh-keygen -lf on it), then add --host-key ${node.git.fingerprint()}`,
    ])
    await is(words('--key', '/root/good', '--host-key', 'SHA256:wrong'), [
      `problem  10.9.1.1 has no host key SHA256:wrong: it offers ${node.git.fingerprint()} (ED25519)`,
      '  → compare them on the git server itself; somebody may be in between',
    ])
  })

  test('a key that the server does not know is shown, so that it can be added', async () => {
    const [type, blob] = node.publicKey('other').split(' ')
    await is(words('--key', '/root/other', '--host-key', node.git.fingerprint()), [
      `problem  git fetch from ${node.git.url}: the server refuses our credentials (authentication failed)`,
      new RegExp(
        `^ {2}→ give it read access at the git server .* The key that was tried: ${type} ${escaped(blob ?? '')} test$`,
        'm',
      ),
    ])
  })

  test('a server that does not answer is named', async () => {
    await is(
      ['lb-agent', 'install', '--yes', '--repo', 'ssh://git@10.9.1.2/x.git', '--new-key'],
      ['problem  10.9.1.2 does not tell its host key: it refuses the connection to port 22'],
    )
  })

  test('what the repository lacks is said as the agent would say it', async () => {
    await is(withKey('--branch', 'live'), [
      `problem  branch live does not exist in ${node.git.url}; branches there: main`,
      '  → --branch names another one',
    ])
    await is(withKey('--path', 'nowhere'), [
      /nowhere\/lb\.yaml is not in branch main at commit/,
      '  → --path names the directory that holds lb.yaml',
    ])
    await is(withKey('--node', 'three'), [
      'problem  this node, three, is not in lb.yaml (nodes there: one, two); add it, or set "node:" in agent.yaml',
      '  → --node says which one this is',
    ])
    const good = node.repository.commit({}, 'Nothing')
    node.repository.commit({ 'lb.yaml': specText().replace('port: 80', 'port: 80000') }, 'Too high')
    readable(node.repository)
    await is(withKey(), [/^problem {2}lb\.yaml:\d+:\d+ {2}services\.web\.port is 80000;/m])
    node.repository.forcePush(good)
    readable(node.repository)
  })

  test('an agent.yaml with a mistake stays as it is', async () => {
    for (const [text, line] of [
      ['node: [\n', /^problem {2}\/etc\/lb-agent\/agent\.yaml:\d+:\d+ {2}/m],
      ['nodes: one\nrepository: { url: /srv/lb-config }\n', /agent\.yaml:1:1 {2}.*nodes/],
      ['repository: &a { url: /x }\nhttp: *a\n', /^problem {2}\/etc\/lb-agent\/agent\.yaml/m],
    ] as const) {
      putFile(node.one, '/etc/lb-agent/agent.yaml', { text })
      await is(withKey('--listen', '0.0.0.0:1'), [line])
    }
    putFile(node.one, '/etc/lb-agent/agent.yaml', {
      text: 'supervisor: embedded\nrepository: { url: /srv/lb-config }\n',
    })
    await is(withKey(), [/says supervisor: embedded, and lb-agent install sets up systemd's units$/m])
    await node.one.run('rm', '/etc/lb-agent/agent.yaml')
  })

  test('a host that does not let it work is found before anything is done', async () => {
    await is(inMounts('mount --bind /etc /etc; mount -o remount,ro,bind /etc', withKey()), [
      'problem  /etc cannot be written: EROFS: read-only file system',
    ])
    await node.one.run('systemctl', 'mask', '--quiet', 'keepalived')
    await is(withKey(), ['problem  keepalived.service is masked: somebody wants it never to start'])
    await node.one.run('systemctl', 'unmask', '--quiet', 'keepalived')
    await node.one.run('sh', '-c', 'cd /etc/haproxy && mv haproxy.cfg of-hand.cfg && ln -s of-hand.cfg haproxy.cfg')
    await is(withKey(), [
      'problem  /etc/haproxy/haproxy.cfg is a symbolic link, and lb-agent replaces regular files only',
    ])
    await node.one.run('sh', '-c', 'cd /etc/haproxy && mv of-hand.cfg haproxy.cfg')
    // A backup that does not fit is the first step, and the last.
    const full = inMounts(
      'mount -t tmpfs -o size=4k,mode=755 none /var/lib/lb-agent; echo > /var/lib/lb-agent/x',
      withKey(),
    )
    await is(full, [
      /^problem {2}ENOSPC: no space left on device/m,
      '  → make room, or mend the permissions, and run it again',
    ])
  })

  test('a port that somebody has is named before anything is done', async () => {
    for (const [port, line] of [
      ['80', /^problem {2}\S+ listens on \S*:80; HAProxy needs 10\.9\.0\.100:80 for service web\.$/m],
      ['9853', /^problem {2}another program listens on 0\.0\.0\.0:9853, where the agent is to answer/m],
    ] as const) {
      await node.one.run(
        'systemd-run',
        '--quiet',
        '--unit=squatter',
        '/usr/lib/lb-agent/node',
        '-e',
        `require('net').createServer().listen(${port})`,
      )
      await until('it listens', 10_000, async () => (await node.one.run('ss', '-ltn')).includes(`:${port} `))
      await is(withKey(), [line])
      await node.one.run('systemctl', 'stop', 'squatter')
    }
  })

  test('there is one at a time', async () => {
    const [script, second] = ['lb-agent uninstall --dry-run', withKey()]
    await is(
      ['flock', '/run/lb-agent-install.lock', ...second],
      [/^lb-agent: another lb-agent install or uninstall runs here \(process .*\); nothing was changed$/m],
      75,
    )
    await is(['flock', '/run/lb-agent-install.lock', ...script.split(' ')], [], 75)
  })

  test('Ctrl-C while it looks changes nothing', async () => {
    await is(
      ['timeout', '--foreground', '--preserve-status', '-s', 'INT', '1', ...withKey()],
      ['interrupted: nothing was changed'],
      130,
    )
  })
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
