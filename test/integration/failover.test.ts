import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ipBatch } from '../../src/drill/ip.ts'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { killWithChildren, withChildren } from '../../src/processes.ts'
import type { Status } from '../../src/status.ts'
import {
  type Cluster,
  killAgent,
  liveFile,
  readOnly,
  seenByClient,
  settled,
  specText,
  startCluster,
  statusOf,
  sync,
  VIP,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('failover', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
  })
  after(() => cluster.close())
  beforeEach(() => settled(cluster))

  const holders = async (): Promise<string> => (await cluster.lab.holdersOf(VIP)).join()
  const isHeldBy = (node: string, withinMs: number): Promise<void> =>
    until(`${node} holds the VIP`, withinMs, async () => (await holders()) === node)
  /** 0 while there is none. */
  const runningKeepalived = async (): Promise<number> => {
    const state = (await statusOf(one)).keepalived
    return state.state === 'running' ? state.pid : 0
  }
  const says = async (agent: LabAgent, what: string, test: (status: Status) => boolean): Promise<void> =>
    until(what, 5_000, async () => {
      const status = await agent.status()
      return status !== undefined && test(status)
    })

  test('a killed HAProxy costs well under a second, and its node takes the VIP back after failback.after', async () => {
    await cluster.client.mark()
    killWithChildren(one.pidOf('haproxy'))
    await isHeldBy('two', 1_000)
    const { longestGapMs } = await seenByClient(cluster.client)
    assert.ok(longestGapMs < 500, `gap ${longestGapMs} ms`)
    await says(one, 'one is held back', (status) =>
      /^held back after a recovery, \d s to go$/.test(status.vips[0]?.scoreReason ?? ''),
    )
    await sleep(1_500)
    assert.equal(await holders(), 'two')
    await isHeldBy('one', 5_000)
  })

  test('an agent that is started anew goes on holding its node back', async () => {
    killWithChildren(one.pidOf('haproxy'))
    await says(one, 'one is held back', (status) => status.vips[0]?.score === 64)
    await killAgent(one)
    one.start()
    await says(one, 'one is held back still', (status) => /^held back after/.test(status.vips[0]?.scoreReason ?? ''))
    assert.equal(await holders(), 'two')
  })

  test('an HAProxy that is stopped, so that it accepts and never answers, loses the VIP', async () => {
    const pids = withChildren(one.pidOf('haproxy'))
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    await isHeldBy('two', 2_000)
    assert.equal((await statusOf(one)).gate.reason, 'HAProxy gave no answer within 150 ms')
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  })

  test('when no node sees a server the VIP stays, and the first answer comes with the first server', async () => {
    for (const name of ['alpha', 'beta']) await cluster.lab.stopServer(name)
    const statuses = async () => Promise.all(cluster.agents.map(statusOf))
    await until('both scores are 0', 12_000, async () => (await statuses()).every(({ vips }) => vips[0]?.score === 0))
    await sleep(1_000)
    assert.equal(await holders(), 'one')
    assert.deepEqual(
      (await statuses()).map(({ headline }) => headline.text),
      ['service web has no server up: see its servers below', 'service web has no server up: see its servers below'],
    )
    for (const name of ['alpha', 'beta']) await cluster.lab.startServer(name)
    await until('one is well', 10_000, async () => (await statusOf(one)).vips[0]?.score === 100)
    assert.equal(await holders(), 'one')
    const moves = await movesSeen(cluster)
    await settled(cluster)
    assert.equal(await movesSeen(cluster), moves)
  })

  test('a node that alone cannot reach the servers hands the VIP over, and takes it back when it can', async () => {
    const namespace = cluster.lab.network.namespace('one')
    const servers = ['10.9.1.1', '10.9.1.2']
    await ipBatch(
      namespace,
      servers.map((server) => `route add unreachable ${server}/32`),
    )
    await isHeldBy('two', 10_000)
    await says(one, 'one knows why', (status) => status.vips[0]?.scoreReason === 'no server is up for web')
    await ipBatch(
      namespace,
      servers.map((server) => `route del unreachable ${server}/32`),
    )
    await isHeldBy('one', 12_000)
  })

  test('a keepalived of which both processes were killed is started again, and does not take back what it lost', async () => {
    const before = await runningKeepalived()
    killWithChildren(before)
    await until('a new keepalived runs', 1_000, async () => ![0, before].includes(await runningKeepalived()))
    await isHeldBy('two', 2_000)
    await says(one, 'one is held back', (status) => /^held back/.test(status.vips[0]?.scoreReason ?? ''))
  })

  test('a VIP that nobody looks after and another node holds as well is called DUPLICATE', async () => {
    writeFileSync(liveFile(one, 'keepalived'), '# a file without an instance\n')
    killWithChildren(await runningKeepalived())
    await says(one, 'status says DUPLICATE', (status) => status.headline.text === DUPLICATE)
    assert.equal(await holders(), 'one,two')
    assert.equal((await verb(one, 'sync', '--restore')).code, 0)
    await until('one node holds the VIP', 10_000, async () => ['one', 'two'].includes(await holders()))
  })

  test('a VIP is served before its first server is there, unless it requires a healthy one', async () => {
    const text = specText()
      .replace(
        'pools:',
        `${vip('w', 101, 8, ', requireHealthyOnce: true')}${vip('x', 102, 9)}pools:\n  late: { gamma: 10.9.1.9 }`,
      )
      .replace('services:', `services:\n${service('w')}${service('x')}`)
    await putLive(text)
    await until('one holds x', 5_000, async () => (await cluster.lab.holdersOf('10.9.0.102')).join() === 'one')
    assert.deepEqual(await cluster.lab.holdersOf('10.9.0.101'), [])
    const held = (await statusOf(one)).vips.find(({ name }) => name === 'w')
    assert.deepEqual(
      { state: held?.state, reason: held?.scoreReason },
      { state: 'FAULT', reason: 'held back: no server of it was up yet (requireHealthyOnce)' },
    )
    assert.equal(await holders(), 'one')
    await cluster.lab.addServer({ name: 'gamma', address: '10.9.1.9' }, [
      { port: 80, proxyProtocol: false, unauthorized: false },
    ])
    await until('one holds w', 10_000, async () => (await cluster.lab.holdersOf('10.9.0.101')).join() === 'one')
    await cluster.lab.stopServer('gamma')
    await until('its score is 0', 10_000, async () =>
      (await statusOf(one)).vips.every(({ name, score }) => (name === 'v' ? score === 100 : score === 0)),
    )
    assert.equal((await cluster.lab.holdersOf('10.9.0.101')).join(), 'one')
    await putLive(specText({ comment: 'without w and x' }))
  })

  const putLive = async (text: string): Promise<void> => {
    cluster.repository.commit({ 'lb.yaml': text }, 'Change')
    const results = await Promise.all(cluster.agents.map((agent) => sync(agent)))
    for (const { code, said } of results) assert.equal(code, 0, said)
  }

  test('a gate and scores that cannot be written move nothing, and keepalived asks HAProxy itself', async () => {
    const moves = await movesSeen(cluster)
    await readOnly(one, join(one.directory, 'run/vrrp'), async () => {
      await sleep(3_000)
      assert.equal(await holders(), 'one')
      assert.equal(await movesSeen(cluster), moves)
      const { headline, troubles } = await statusOf(one)
      assert.match(
        headline.text,
        /^the gate file cannot be written: EROFS: read-only file system, access .*; it keeps its last value$/,
      )
      assert.deepEqual(
        troubles.map(({ key }) => key),
        ['gate'],
      )
      for (const pid of withChildren(one.pidOf('haproxy'))) process.kill(pid, 'SIGSTOP')
      await isHeldBy('two', 4_000)
      for (const pid of withChildren(one.pidOf('haproxy'))) process.kill(pid, 'SIGCONT')
    })
  })
})

const DUPLICATE = `DUPLICATE: this node holds v (${VIP}), and two does as well: do they hear each other's adverts?`

function vip(name: string, last: number, virtualRouterId: number, more = ''): string {
  return `  ${name}: { address: 10.9.0.${last}, virtualRouterId: ${virtualRouterId}, prefer: [one, two]${more} }\n`
}

function service(name: string): string {
  return `  late-${name}: { vip: ${name}, port: 81, pool: late, serverPort: 80 }\n`
}

/** How often either node has become MASTER. */
async function movesSeen({ agents }: Cluster): Promise<number> {
  const logs = agents.map((agent) => readFileSync(join(agent.directory, 'agent.log'), 'utf8'))
  return logs.join('').split('"state":"MASTER"').length - 1
}
