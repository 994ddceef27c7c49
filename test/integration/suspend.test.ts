import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { connectControl } from '../../src/serve/control-client.ts'
import type { SuspendResult } from '../../src/suspend.ts'
import {
  type Cluster,
  followSync,
  killAgent,
  livePair,
  onePort,
  settled,
  specText,
  startCluster,
  statusOf,
  sync,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** Long enough for a program to start and ask while a release is being confirmed. */
const SETTINGS = 'apply: { confirmWindow: 3s, reloadTimeout: 6s }\n'

suite('suspend', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster(SETTINGS)
  })
  after(() => cluster.close())

  test('a suspended node shows what waits, applies nothing over a restart either, and follows again after resume', async () => {
    const before = livePair(cluster.one)
    const suspended = await verb(cluster.one, 'suspend', '--reason', 'new switch')
    assert.deepEqual(suspended, {
      code: 0,
      said: '✓ suspended until lb-agent resume: this node looks at its repository, and applies nothing of it. Its VIPs move as ever.',
    })
    const sha = cluster.repository.commit({ 'lb.yaml': specText({ comment: 'x', services: onePort(1009) }) }, 'A port')
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

  test('a suspension that begins during a pass holds it before anything is live', async () => {
    const before = livePair(cluster.one)
    const sha = cluster.repository.commit(
      { 'lb.yaml': specText({ comment: 'y', services: onePort(1010) }) },
      'A third port',
    )
    let asked: Promise<SuspendResult> | undefined
    let result: unknown
    const stages: unknown[] = []
    await followSync(cluster.one, (event) => {
      if ('stage' in event) stages.push(event['stage'])
      if (event['stage'] === 'verify') asked = suspendNow(cluster.one, 'in the middle')
      result = event['result'] ?? result
    })
    assert.deepEqual(await asked, { kind: 'suspended', untilMs: null, reason: 'in the middle', goingLive: null })
    const reason = `${sha.slice(0, 12)} waits: this node is suspended (in the middle). To apply it: lb-agent resume`
    assert.deepEqual(result, { kind: 'suspended', reason }, `after ${stages.join(', ')}`)
    assert.ok(!stages.includes('activate'))
    assert.deepEqual(livePair(cluster.one), before)
    assert.equal(readFileSync(join(cluster.one.directory, 'state', 'journal.json'), 'utf8').trim(), 'null')
    assert.equal((await verb(cluster.one, 'resume')).code, 0)
    await until('it is applied', 15_000, async () => (await statusOf(cluster.one)).applied?.revision === sha)
  })

  test('a suspension that begins while a release goes live says which, and that is carried through', async () => {
    const sha = cluster.repository.commit(
      { 'lb.yaml': specText({ comment: 'z', services: onePort(1011) }) },
      'A fourth port',
    )
    let said: Promise<string> | undefined
    let result: { kind?: string; release?: string } = {}
    await followSync(cluster.one, (event) => {
      if (event['stage'] === 'activate') said = verb(cluster.one, 'suspend').then((answer) => answer.said)
      result = (event['result'] as typeof result | undefined) ?? result
    })
    assert.equal(result.kind, 'applied')
    assert.equal(
      await said,
      [
        '✓ suspended until lb-agent resume: this node looks at its repository, and applies nothing of it. Its VIPs move as ever.',
        `▲ release ${result.release} was being put live already: that is carried through, or rolled back; lb-agent status shows which`,
      ].join('\n'),
    )
    const status = await statusOf(cluster.one)
    assert.deepEqual([status.applied?.revision, status.suspended === null], [sha, false])
    assert.equal((await verb(cluster.one, 'resume')).code, 0)
  })

  test('a suspension whose file is damaged stands, and says so until lb-agent resume', async () => {
    const before = livePair(cluster.one)
    const file = join(cluster.one.directory, 'state', 'suspension.json')
    await killAgent(cluster.one)
    writeFileSync(file, '{"since": 17')
    cluster.one.start()
    const sha = cluster.repository.commit(
      { 'lb.yaml': specText({ comment: 'w', services: onePort(1012) }) },
      'A fifth port',
    )
    await until('it is looked at', 15_000, async () => (await statusOf(cluster.one)).desired?.revision === sha)
    const refused = await sync(cluster.one)
    assert.equal(refused.code, 1)
    assert.equal(
      refused.said.split('\n').at(-1),
      `${sha.slice(0, 12)} waits: this node is suspended (${file} cannot be read). To apply it: lb-agent resume`,
    )
    assert.deepEqual(livePair(cluster.one), before)
    await until('it is told', 15_000, async () =>
      (await statusOf(cluster.one)).headline.text.endsWith(
        'this node stays suspended, as it may have been: lb-agent resume ends that',
      ),
    )
    assert.equal((await verb(cluster.one, 'resume')).code, 0)
    await until('it is applied', 15_000, async () => (await statusOf(cluster.one)).applied?.revision === sha)
    assert.deepEqual((await statusOf(cluster.one)).troubles, [])
  })
})

/** As `lb-agent suspend` asks, without the time that a program takes to start. */
async function suspendNow(agent: LabAgent, reason: string): Promise<SuspendResult> {
  let result: SuspendResult | undefined
  const control = connectControl(join(agent.directory, 'run', 'control.sock'))
  await control.stream(`/v1/suspend?${new URLSearchParams({ reason })}`, (line) => {
    result = (line as { result: SuspendResult }).result
    return 'enough'
  })
  assert.ok(result !== undefined)
  return result
}
