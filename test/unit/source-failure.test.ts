import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanText } from '../../src/clean-text.ts'
import { parseAddress } from '../../src/source/address.ts'
import { explainRemoteFailure, quoteFailure } from '../../src/source/fetch-failure.ts'
import { gitEnv } from '../../src/source/git-command.ts'
import { sshCommand } from '../../src/source/ssh-command.ts'

const empty = { stdout: Buffer.alloc(0), stderr: '' }

function addressOf(url: string) {
  const address = parseAddress(url)
  assert.equal(address.kind, 'address')
  return address
}

test('gives each kind of failure its own words', () => {
  const address = addressOf('ssh://git@git.lan/lb.git')
  const said: [string, RegExp][] = [
    [
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.',
      /not the one in known_hosts/,
    ],
    [
      'No ED25519 host key is known for git.lan and you have requested strict checking.\nHost key verification failed.',
      /is unknown; add it/,
    ],
    ['git@git.lan: Permission denied (publickey).', /authentication failed/],
    ["fatal: could not read Username for 'https://git.lan': terminal prompts disabled", /authentication failed/],
    ['ssh: Could not resolve hostname git.lan: Name or service not known', /does not resolve/],
    ['ssh: connect to host git.lan port 22: Connection refused', /refuses the connection/],
    ['ssh: connect to host git.lan port 22: Connection timed out', /does not answer/],
    ['ssh: connect to host git.lan port 22: No route to host', /no route/],
    ["fatal: unable to access 'https://git.lan/': SSL certificate problem: certificate has expired", /TLS certificate/],
    ["fatal: repository 'https://git.lan/x/' not found", /no git repository at this address/],
    [
      "fatal: unable to access 'https://git.lan/x/': The requested URL returned error: 301",
      /redirects are not followed/,
    ],
    ['fatal: write error: No space left on device', /disk of this node is full/],
  ]
  for (const [stderr, expected] of said) {
    const reason = explainRemoteFailure({ kind: 'exited', code: 128, ...empty, stderr }, address)
    assert.match(reason ?? '', expected)
    assert.match(reason ?? '', /^git fetch from ssh:\/\/git@git\.lan\/lb\.git: /)
  }
})

test('quotes git for a cause without words, cleaned and without secrets', () => {
  const address = addressOf('https://ada:hunter22@git.lan/lb.git')
  const result = {
    kind: 'exited' as const,
    code: 128,
    ...empty,
    stderr: 'remote: \u001b[31mhello hunter22\nfatal: odd',
  }
  assert.equal(explainRemoteFailure(result, address), undefined)
  assert.equal(
    quoteFailure(result, address),
    'git fetch from https://***@git.lan/lb.git: exit code 128: remote: hello *** | fatal: odd',
  )
  const late = { kind: 'timeout' as const, timeoutMs: 30_000, ...empty }
  assert.equal(explainRemoteFailure(late, address), 'git fetch from https://***@git.lan/lb.git: no answer within 30 s')
})

test('cleans text of escapes, controls and direction changes and cuts it by characters', () => {
  assert.equal(cleanText('\u001b]0;title\u0007a\u001b[1;31mb\tc\r\nd\u202e\u2066e\u2028f\u200bg'), 'ab c de fg')
  assert.equal(cleanText('😀'.repeat(5), 3), '😀😀…')
})

test('gives git an environment of its own', () => {
  const env = gitEnv('/var/lib/lb-agent', addressOf('https://ada:hunter22@git.lan/lb.git'), '/none')
  const { PATH: _path, ...rest } = env
  assert.deepEqual(rest, {
    LC_ALL: 'C',
    HOME: '/var/lib/lb-agent',
    GIT_CEILING_DIRECTORIES: '/var/lib',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: 'https',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.https://git.lan/.extraHeader',
    GIT_CONFIG_VALUE_0: 'Authorization: Basic YWRhOmh1bnRlcjIy',
  })
})

test('uses the keys and known hosts of the agent when it has them', (t) => {
  const directory = mkdtempSync(join(tmpdir(), "lb-agent ssh'"))
  t.after(() => rmSync(directory, { recursive: true }))
  assert.doesNotMatch(sshCommand(directory), /IdentityFile|KnownHosts|-F/)
  for (const name of ['id_ed25519', 'id_ed25519.pub', 'known_hosts']) writeFileSync(join(directory, name), '')
  const shown = directory.replaceAll("'", "'\\''")
  const command = sshCommand(directory)
  assert.ok(command.includes(`-o 'UserKnownHostsFile="${shown}/known_hosts"'`), command)
  assert.ok(command.includes(`-o 'IdentityFile="${shown}/id_ed25519"'`), command)
  assert.ok(!command.includes('.pub'))
  assert.ok(command.startsWith("ssh -F none -o 'BatchMode=yes' -o 'StrictHostKeyChecking=yes'"))
})
