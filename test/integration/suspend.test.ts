import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import {
  type Cluster,
  killAgent,
  livePair,
  settled,
  specText,
  startCluster,
  statusOf,
  sync,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('suspend', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
  })
  after(() => cluster.close())

  test('a suspended node shows what waits, applies nothing over a restart either, and follows again after resume', async () => {
    const before = livePair(cluster.one)
    const suspended = await verb(cluster.one, 'suspend', '--reason', 'new switch')
    assert.deepEqual(suspended, {
      code: 0,
      said: '✓ suspended until lb-agent resume: this node looks at its repository, and applies nothing of it. Its VIPs move as ever.',
    })
    const sha = cluster.repository.commit({ 'lb.yaml': specText({ comment: 'x', virtualRouterId: 9 }) }, 'Another id')
    const waits = `${sha.slice(0, 12)} waits: this node is suspended (new switch). To apply it: lb-agent resume`
    const refused = await sync(cluster.one)
    assert.equal(refused.code, 1)
    assert.equal(refused.said.split('\n').at(-1), waits)
    assert.deepEqual(livePair(cluster.one), before)

    await killAgent(cluster.one)
    cluster.one.start()
    await settled(cluster)
    await sync(cluster.one)
    const status = await statusOf(cluster.one)
    assert.deepEqual(livePair(cluster.one), before)
    assert.equal(status.headline.text, 'all is well; suspended by hand, revisions are not applied')
    assert.equal(status.suspended?.reason, 'new switch')
    assert.equal(status.desired?.revision, sha)
    assert.deepEqual(status.lastPass?.result, { kind: 'suspended', reason: waits })

    const resumed = await verb(cluster.one, 'resume')
    assert.equal(resumed.code, 0, resumed.said)
    await until('it is applied', 15_000, async () => (await statusOf(cluster.one)).applied?.revision === sha)
    const story = (await verb(cluster.one, 'why', 'v')).said
    assert.match(story, /suspended, revisions are not applied here: new switch\n(?:.*\n)*.*resumed: by hand\n/)
    assert.deepEqual(await verb(cluster.one, 'resume'), { code: 0, said: 'nothing was suspended on this node' })
  })

  test('a suspension with an end is over by itself', async () => {
    assert.equal((await verb(cluster.one, 'suspend', '--for', '1s')).code, 0)
    await until('it is over', 5_000, async () => (await statusOf(cluster.one)).suspended === null)
    assert.match((await verb(cluster.one, 'why', 'v')).said, /suspended until .*\n(?:.*\n)*.*resumed: its time is over/)
  })
})
