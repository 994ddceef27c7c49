import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import {
  type Cluster,
  killAgent,
  settled,
  specText,
  startCluster,
  statusOf,
  sync,
  VIP,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** Keeps a connection open until it is ended. */
const HOLD = `
  const socket = require('node:net').connect(80, '${VIP}', () => console.log('open'))
  socket.on('error', () => process.exit(1))
`

suite('what a person sees with lb-agent status', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let two: LabAgent
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
    two = cluster.two
  })
  after(() => cluster?.close())

  const says = (agent: LabAgent, what: string, pattern: RegExp, ...flags: string[]): Promise<void> => {
    let said = ''
    return until(what, 20_000, async () => {
      said = (await verb(agent, 'status', ...flags)).said
      return pattern.test(said)
    }).catch((error: Error) => assert.fail(`${error.message}: ${said}`))
  }
  const begin = (node: string, ...argv: readonly string[]): ChildProcess =>
    spawn('ip', ['netns', 'exec', cluster.lab.network.namespace(node), ...argv])
  const program = (): string => join(cluster.lab.directory, 'bin', 'lb-agent')

  test('where a VIP is, as the other node says, also after it has moved', async () => {
    await says(two, 'two knows that one holds it', /^v .* BACKUP .* on one, asked .+ ago /m)
    await says(two, 'two has a line for one', /^one +10\.9\.0\.1 +answers; holds v +\S+ m?s ago$/m)
    assert.equal((await verb(one, 'drain')).code, 0)
    // Sooner than the next question of a calm node.
    await until('one knows that two holds it', 4_000, async () => {
      const [peer] = (await statusOf(one)).peers
      return peer?.holds.join() === 'v' && (peer.ageMs ?? Number.POSITIVE_INFINITY) < 4_000
    })
    await says(two, 'it is here', /^v .* MASTER .* here /m)
    await verb(one, 'undrain')
    await settled(cluster)
  })

  test('workers of an earlier file that still serve a connection are counted', async () => {
    await says(one, 'there is none', /^old workers +0, counted .+ ago$/m)
    const client = begin('.client', process.execPath, '-e', HOLD)
    try {
      await new Promise((resolve) => client.stdout?.once('data', resolve))
      process.kill(one.pidOf('haproxy'), 'SIGUSR2')
      await says(one, 'there is one', /^old workers +1, counted .+ ago$/m)
    } finally {
      client.kill()
    }
  })

  test('a suspended node that is left behind is named, by its own order and not as a fault', async () => {
    const before = (await statusOf(two)).applied?.revision ?? ''
    assert.equal((await verb(two, 'suspend', '--reason', 'new switch')).code, 0)
    assert.equal(await headline(one), 'all is well on 2 nodes; suspended by hand: two')
    const changed = `${specText()}haproxy: { maxConnections: 900 }\n`
    const sha = cluster.repository.commit({ 'lb.yaml': changed }, 'Fewer connections')
    assert.equal((await sync(one)).code, 0)
    assert.equal((await sync(two)).code, 1)
    await settled(cluster)
    const [old, now] = [before.slice(0, 12), sha.slice(0, 12)]
    assert.equal(await headline(one), `all is well on 2 nodes; suspended by hand: two (runs ${old} and not ${now})`)
    const { code, said } = await verb(one, 'status', '--cluster')
    assert.equal(code, 0)
    assert.match(said, new RegExp(`^one +${now} +${now} .* all is well$`, 'm'))
    assert.match(
      said,
      new RegExp(`^two +${old} +${now} .* all is well; suspended by hand, revisions are not applied$`, 'm'),
    )
    assert.equal((await verb(two, 'resume')).code, 0)
    await until('it is applied', 15_000, async () => (await statusOf(two)).applied?.revision === sha)
    await settled(cluster)
  })

  test('--watch goes on over a restart of the agent, without escape sequences in a pipe', async () => {
    const argv = [program(), 'status', '--watch', '--config', two.configFile]
    const [text, json] = [begin('two', ...argv), begin('two', ...argv, '--json')]
    const said = { text: collect(text), json: collect(json) }
    const comes = (what: string, holds: () => boolean): Promise<void> => until(what, 20_000, async () => holds())
    try {
      await comes('both show something', () => /two: all is well/.test(said.text()) && said.json().includes('\n'))
      await killAgent(two)
      await comes('silence is told', () =>
        /\n▲ no answer since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(.+\): no agent runs on this node/.test(said.text()),
      )
      await says(one, 'one knows why two is silent', /^two +10\.9\.0\.2 +no answer: nobody listens on port 9853 /m)
      two.start()
      await comes('the agent is back', () => /▲ no answer.*● two: all is well/s.test(said.text()))
      const lines = said.json().trimEnd().split('\n').length
      await comes('and in JSON', () => said.json().trimEnd().split('\n').length > lines + 1)
      assert.ok(!said.text().includes('\u001b'))
      for (const line of said.json().trimEnd().split('\n')) assert.equal(JSON.parse(line).node, 'two')
      assert.deepEqual([text.exitCode, json.exitCode], [null, null])
    } finally {
      text.kill()
      json.kill()
    }
  })

  test('on a terminal --watch draws in place', async () => {
    const command = `'${program()}' status --watch --config '${one.configFile}'`
    const terminal = begin('one', 'script', '--quiet', '--return', '--command', command, '/dev/null')
    const said = collect(terminal)
    try {
      const drawn = (): number => said().split('\u001b[H').length - 1
      await until('it is drawn twice', 20_000, async () => drawn() >= 2)
      assert.ok(said().includes('\u001b[K\r\n'), JSON.stringify(said()))
    } finally {
      terminal.kill()
    }
  })

  test('that a daemon has died is told by why, of any VIP', async () => {
    const pid = two.pidOf('keepalived')
    process.kill(pid, 'SIGKILL')
    await until('it is back', 20_000, async () => {
      const { keepalived } = await statusOf(two)
      return keepalived.state === 'running' && keepalived.pid !== pid
    })
    assert.match(
      (await verb(two, 'why', 'v')).said,
      / keepalived died: .*\n(?:.*\n)*.* keepalived started: after it died/,
    )
    await settled(cluster)
  })

  test('--watch ends when nobody reads it any more', async () => {
    const pipe = `'${program()}' status --watch --config '${one.configFile}' | head -n 1`
    const ended = await exec('ip', ['netns', 'exec', cluster.lab.network.namespace('one'), 'sh', '-c', pipe], {
      timeoutMs: 20_000,
    })
    assert.ok(succeeded(ended), describeFailure(ended))
    assert.equal(ended.stderr, '')
  })

  const headline = async (agent: LabAgent): Promise<string> =>
    JSON.parse((await verb(agent, 'status', '--cluster', '--json')).said).headline.text
})

function collect(child: ChildProcess): () => string {
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  return () => said
}
