import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { type Cluster, settled, specText, startCluster, statusOf, sync, VIP, verb } from '../support/cluster.ts'
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

  const headline = async (agent: LabAgent): Promise<string> =>
    JSON.parse((await verb(agent, 'status', '--cluster', '--json')).said).headline.text
})
