import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { ran, statusIn } from '../support/booted-cluster.ts'
import { VIP } from '../support/cluster.ts'
import { bootNodeWithGit, isRefused, type NodeWithGit, traces } from '../support/installed.ts'
import { missingForBoots, missingPrograms } from '../support/requirements.ts'

const skip = missingForBoots() || missingPrograms('sshd', 'ssh-keygen')

suite('lb-agent install from a git server by ssh', { skip, timeout: 600_000 }, () => {
  let node: NodeWithGit
  before(async () => {
    node = await bootNodeWithGit()
  })
  after(() => node?.close())

  const words = (...options: readonly string[]) => ['lb-agent', 'install', '--repo', node.git.url, '--yes', ...options]
  const is = (words: readonly string[], lines: readonly (string | RegExp)[], code = 1) =>
    isRefused(node.one, words, { code, lines })
  const install = (...options: readonly string[]) => ran(node.one, 'lb-agent', 'install', '--yes', ...options)

  test('a new key is made and shown, and the next run goes on from there', async (t) => {
    const startedAt = performance.now()
    const first = await ran(node.one, ...words('--new-key', '--host-key', node.git.fingerprint()))
    assert.equal(first.code, 1)
    const deployKey =
      /the git server does not know the new key yet: (ssh-ed25519 \S+ lb-agent)$/m.exec(first.said)?.[1] ?? ''
    assert.match(
      first.said,
      new RegExp(
        `^ {2}→ give it read access to ${node.git.url} \\(a deploy key\\), then run lb-agent install again; it begins where it ended$`,
        'm',
      ),
    )
    assert.match(
      await node.one.run('stat', '-c', '%a %U', '/var/lib/lb-agent/ssh', '/var/lib/lb-agent/ssh/id_ed25519'),
      /^700 lb-agent\n600 lb-agent\n$/,
    )
    await is(words(), [/authentication failed/, new RegExp(escaped(deployKey))])
    node.git.allow(deployKey)
    const second = await ran(node.one, ...words())
    assert.equal(second.code, 0, second.said)
    t.diagnostic(
      `from a new key to a release that serves, in three runs: ${Math.round(performance.now() - startedAt)} ms`,
    )
    await until('the VIP is here', 30_000, async () => (await node.lab.holdersOf(VIP)).join() === 'one')
  })

  test('a second run finds nothing to do', async () => {
    const before = await traces(node.one)
    const { code, said } = await install()
    assert.deepEqual([code, said.split('\n').at(-1)], [0, 'nothing to do: all of it is there, and the agent runs'])
    const json = await install('--json')
    const { ok, problems, did, todo, node: name } = JSON.parse(json.said)
    assert.deepEqual([json.code, ok, problems, did, todo, name], [0, true, [], [], [], 'one'])
    assert.equal(await traces(node.one), before)
  })

  test('at a terminal it asks: no, Ctrl-C and Ctrl-D change nothing, yes goes on', async () => {
    const answer = (keys: string, listen: string) => [
      'sh',
      '-c',
      // The keys when it asks: a key that comes before is lost.
      `: >/tmp/asked; (while ! grep -q 'Go on?' /tmp/asked; do sleep 0.1; done; sleep 0.5; printf '${keys}'; sleep 1) | script -qefc 'lb-agent install --listen ${listen}; echo code $?' /tmp/asked; echo nothing was changed`,
    ]
    for (const [keys, code] of [
      ['n\\n', 1],
      ['\\003', 130],
      ['\\004', 1],
    ] as const)
      await is(answer(keys, '0.0.0.0:9999'), [/Go on\? \[y\/N\]/, new RegExp(`code ${code}\\r?$`, 'm')], 0)
    const { said } = await ran(node.one, ...answer('y\\n', '0.0.0.0:9854'))
    assert.match(said, /^ok {6}restart lb-agent, which moves no VIP\r?$/m)
    assert.match(await node.one.run('cat', '/etc/lb-agent/agent.yaml'), /listen: 0\.0\.0\.0:9854/)
    assert.deepEqual(await node.lab.holdersOf(VIP), ['one'])
  })

  test('an agent.yaml that was changed by hand is loaded by the next run', async () => {
    await node.one.run('sed', '-i', 's/9854/9853/', '/etc/lb-agent/agent.yaml')
    const { code, said } = await install()
    assert.equal(code, 0, said)
    assert.match(said, /^ok {6}restart lb-agent, which moves no VIP$/m)
    assert.equal((await statusIn(node.one))?.headline.well, true)
  })

  test('a host key that has changed stops it, and says how to pin the new one', async () => {
    const old = node.git.fingerprint()
    await node.git.changeHostKey()
    const file = '/var/lib/lb-agent/ssh/known_hosts'
    await is(words(), [
      `problem  the host key of 10.9.1.1 has changed: ${old} is pinned, and it offers ${node.git.fingerprint()} (ED25519)`,
      `  → ask who changed it; somebody may be in between. If it was meant: ssh-keygen -R '10.9.1.1' -f ${file}, then run it again with --host-key and the new fingerprint`,
    ])
    await node.one.run('ssh-keygen', '-R', '10.9.1.1', '-f', file)
    const { code, said } = await install('--host-key', node.git.fingerprint())
    assert.equal(code, 0, said)
    await node.one.run('lb-agent', 'sync', '--wait')
  })
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
