import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { killWithChildren } from '../../src/processes.ts'
import { AgentFailed } from '../../src/serve/agent-failed.ts'
import { connectControl } from '../../src/serve/control-client.ts'
import {
  type Cluster,
  killAgent,
  noneLostButOnTheWay,
  seenByClient,
  settled,
  startCluster,
  statusOf,
  VIP,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('drain', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
  })
  after(() => cluster.close())
  beforeEach(() => settled(cluster))

  const holders = async (): Promise<string> => (await cluster.lab.holdersOf(VIP)).join()
  const isHeldBy = (node: string): Promise<void> =>
    until(`${node} holds the VIP`, 10_000, async () => (await holders()) === node)

  test('drain hands the VIP over, undrain takes it back, and no request is lost', async () => {
    await cluster.client.mark()
    const drained = await verb(cluster.one, 'drain')
    assert.equal(drained.code, 0, drained.said)
    assert.match(drained.said, /drained in \d+ ms: this node holds none of v\./)
    assert.match(
      drained.said,
      /It takes no VIP back before lb-agent undrain, unless no node that is not drained can serve\./,
    )
    assert.equal(await holders(), 'two')
    const status = await statusOf(cluster.one)
    assert.equal(status.headline.text, 'all is well; drained by hand, see its VIPs')
    assert.equal(status.vips[0]?.scoreReason, 'drained until lb-agent undrain')

    const undrained = await verb(cluster.one, 'undrain')
    assert.deepEqual(undrained, {
      code: 0,
      said: 'the drain is over; this node takes the VIPs for which it is the first that can serve',
    })
    await isHeldBy('one')
    await noneLostButOnTheWay(cluster)
  })

  test('a client that has not heard of the move yet is still answered, by a node that does not say it has the VIP', async () => {
    const client = cluster.lab.network.namespace('.client')
    const cardOf = async (node: string): Promise<string> =>
      JSON.parse(await inNamespace(cluster.lab.network.namespace(node), ['ip', '-j', 'link', 'show', 'eth0']))[0]
        .address
    const neighbour = async (...words: readonly string[]): Promise<string> =>
      inNamespace(client, ['ip', 'neighbour', ...words, 'dev', 'eth0'])
    /** Where the client sends to has just changed: a connection that is being opened is left to end as it may. */
    const seenFromNow = async (): Promise<Awaited<ReturnType<typeof seenByClient>>> => {
      await sleep(100)
      await cluster.client.mark()
      await sleep(500)
      return await seenByClient(cluster.client)
    }
    assert.equal((await verb(cluster.one, 'drain')).code, 0)
    try {
      await neighbour('replace', VIP, 'lladdr', await cardOf('one'), 'nud', 'permanent')
      const late = await seenFromNow()
      assert.equal(await holders(), 'two')
      assert.ok(late.sent > 20)
      assert.equal(late.failed, 0, JSON.stringify(late.failures))

      await neighbour('delete', VIP)
      const asking = await seenFromNow()
      assert.equal(asking.failed, 0, JSON.stringify(asking.failures))
      assert.match(await neighbour('show', VIP), new RegExp(await cardOf('two')))
    } finally {
      await verb(cluster.one, 'undrain')
    }
  })

  test('a drain outlives its agent, and ends by itself', async () => {
    assert.equal((await verb(cluster.one, 'drain', '--vip', 'v', '--for', '6s')).code, 0)
    await killAgent(cluster.one)
    cluster.one.start()
    const status = await statusOf(cluster.one)
    assert.equal(status.drains[0]?.vip, 'v')
    await sleep(1_500)
    assert.equal(await holders(), 'two')
    await isHeldBy('one')
    assert.deepEqual((await statusOf(cluster.one)).drains, [])
  })

  test('a drained node goes on serving when nobody else can', async () => {
    await verb(cluster.two, 'drain')
    const result = await verb(cluster.one, 'drain')
    assert.equal(result.code, 1, result.said)
    assert.match(
      result.said,
      /still holds v: no other node with servers took it; this node goes on serving, and gives it away as soon as one does\. The drain stands until lb-agent undrain\./,
    )
    await verb(cluster.two, 'undrain')
    await isHeldBy('two')
    await verb(cluster.one, 'undrain')
  })

  test('a drained node hands over to one that is held back after a recovery', async () => {
    killWithChildren(cluster.two.pidOf('haproxy'))
    await until('two is held back', 5_000, async () => (await cluster.two.status())?.vips[0]?.score === 64)
    const drained = await verb(cluster.one, 'drain')
    assert.equal(drained.code, 0, drained.said)
    assert.equal(await holders(), 'two')
    await verb(cluster.one, 'undrain')
  })

  test('a VIP that this node does not have is named, and nothing changes', async () => {
    assert.deepEqual(await verb(cluster.one, 'drain', '--vip', 'w'), {
      code: 1,
      said: '✗ this node has no VIP w; it has v',
    })
    assert.deepEqual((await statusOf(cluster.one)).drains, [])
    assert.equal((await verb(cluster.one, 'drain', '--for', 'soon')).code, 2)
  })

  test('the agent refuses a drain or a suspension whose end it is not told clearly, and begins none', async () => {
    const control = connectControl(join(cluster.one.directory, 'run', 'control.sock'))
    const noTime = 'forMs is not a number of milliseconds, 1 or more; nothing was begun'
    for (const [path, why] of [
      [
        '/v1/drain?forMs=60000&forStop=1',
        'a drain ends by itself after forMs, or with the next start (forStop); nothing was drained',
      ],
      ['/v1/drain?forMs=0', noTime],
      ['/v1/drain?forMs=soon', noTime],
      ['/v1/suspend?forMs=0', noTime],
    ] as const)
      await assert.rejects(
        control.stream(path, () => 'more'),
        new AgentFailed(`the agent could not do it: ${why}`),
        path,
      )
    const { drains, suspended } = await statusOf(cluster.one)
    assert.deepEqual({ drains, suspended }, { drains: [], suspended: null })
  })

  test('stop hands the VIP over before anything stops', async () => {
    await cluster.client.mark()
    const stopped = await verb(cluster.one, 'stop')
    assert.equal(stopped.code, 0, stopped.said)
    assert.equal(await holders(), 'two')
    await noneLostButOnTheWay(cluster)
    cluster.one.start()
  })
})
