import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import {
  agentPid,
  apply,
  type Cluster,
  ended,
  followSync,
  isRunning,
  killAgent,
  liveFile,
  livePair,
  loadedRelease,
  mainProcesses,
  nothingLost,
  onePort,
  releaseOf,
  settled,
  specText,
  startCluster,
  statusOf,
  storedPair,
  storedReleases,
  sync,
  VIP,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** Every stage of an apply that touches the disk or a daemon, as `sync` tells of it. */
const STAGES = [
  'stage',
  'check',
  'activate',
  'reload haproxy',
  'confirm haproxy',
  'reload keepalived',
  'confirm keepalived',
]
const DELAYS_MS = [60, 140, 220, 320, 500]

suite('deaths', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let serial = 0
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
  })
  after(() => cluster.close())

  /** A commit that changes both files: HAProxy and keepalived are reloaded. */
  const commitBoth = (): string => {
    serial += 1
    const text = specText({ services: onePort(1000 + serial), virtualRouterId: 10 })
    // Base priorities stay, the order of the peers' names does not matter: a VIP's extra address changes on this node alone.
    return cluster.repository.commit(
      { 'lb.yaml': text.replace('prefer: [one, two]', `prefer: [one, two], extraAddresses: [10.9.7.${serial}]`) },
      `Change ${serial}`,
    )
  }

  /** What must hold after any death and a new start: one whole release, the newest commit, one of each daemon, nothing lost. */
  const assertWhole = async (revision: string, what: string): Promise<void> => {
    await until(`${what}: the successor applies ${revision.slice(0, 12)}`, 20_000, async () => {
      const status = await one.status()
      return status?.applied?.revision === revision && status.headline.well && readJournal(one) === null
    })
    const release = releaseOf(await statusOf(one))
    assert.deepEqual(livePair(one), storedPair(one, release), what)
    assert.equal(await loadedRelease(one), release, what)
    assert.equal(readJournal(one), null, what)
    const { haproxy, keepalived } = await mainProcesses(cluster, 'one')
    assert.deepEqual([haproxy, keepalived], [[one.pidOf('haproxy')], [one.pidOf('keepalived')]], what)
  }

  /** At the moment of a death the live pair is one release's, or mixed with a journal that names both. */
  const assertMendable = (what: string): void => {
    const live = livePair(one)
    const pairs = storedReleases(one).map((release) => ({ release, pair: storedPair(one, release) }))
    const haproxy = pairs.filter(({ pair }) => pair.haproxy === live.haproxy)
    const keepalived = pairs.filter(({ pair }) => pair.keepalived === live.keepalived)
    assert.ok(haproxy.length > 0 && keepalived.length > 0, `${what}: a live file is no release's`)
    if (haproxy.some(({ release }) => keepalived.some((other) => other.release === release))) return
    assert.notEqual(readJournal(one), null, `${what}: the live pair is mixed, and there is no journal`)
  }

  /** The agent may have begun with the commit before the call came, and be past the moment that was waited for: then again. */
  const dieDuringSync = async (what: string, kill: (follow: typeof followSync) => Promise<void>): Promise<void> => {
    const pid = agentPid(one)
    let revision = ''
    for (let tries = 0; tries < 5 && isRunning(pid); tries += 1) {
      revision = commitBoth()
      await kill(followSync)
      await ended(pid, 3_000).catch(() => undefined)
    }
    await ended(pid)
    assertMendable(what)
    one.start()
    await assertWhole(revision, what)
  }

  test('an agent killed after any stage of an apply leaves one whole release, and its successor finishes', async () => {
    await apply(cluster, { virtualRouterId: 10 })
    await cluster.client.mark()
    for (const stage of STAGES) {
      await dieDuringSync(`killed after ${stage}`, (follow) =>
        follow(one, (event) => {
          if (event['stage'] === stage) process.kill(agentPid(one), 'SIGKILL')
        }),
      )
    }
    await nothingLost(cluster)
  })

  test('an agent killed at any moment of an apply leaves one whole release, and its successor finishes', async () => {
    await cluster.client.mark()
    for (const delayMs of DELAYS_MS) {
      await dieDuringSync(`killed after ${delayMs} ms`, async (follow) => {
        const pid = agentPid(one)
        const timer = setTimeout(() => process.kill(pid, 'SIGKILL'), delayMs)
        await follow(one, () => undefined)
        if (isRunning(pid)) await sleep(delayMs)
        clearTimeout(timer)
        if (isRunning(pid)) await killAgent(one)
      })
    }
    await nothingLost(cluster)
  })

  test('an agent that is told to end during an apply is followed by one that finishes it', async () => {
    await cluster.client.mark()
    await dieDuringSync('told to end', (follow) =>
      follow(one, (event) => {
        if (event['stage'] === 'activate') process.kill(agentPid(one), 'SIGTERM')
      }),
    )
    await nothingLost(cluster)
  })

  test('a pair that was left mixed between its two renames is mended by the next agent', async () => {
    const { before: older, after: newer, revision } = await twoReleases()
    await killAgent(one)
    await cluster.client.mark()
    leaveMixed(older, { from: older, to: newer, revision, attempts: 1 })
    one.start()
    await assertWhole(revision, 'mixed')
    assert.equal(releaseOf(await statusOf(one)), newer)
    await nothingLost(cluster)
  })

  test('an apply that has cost two agents their lives is undone', async () => {
    const { before: older, after: newer, revision } = await twoReleases()
    await killAgent(one)
    await cluster.client.mark()
    leaveMixed(older, { from: older, to: newer, revision, attempts: 2 })
    one.start()
    await until(
      'the apply is undone',
      15_000,
      async () => readJournal(one) === null && (await one.status()) !== undefined,
    )
    assert.deepEqual(livePair(one), storedPair(one, older))
    assert.equal(await loadedRelease(one), older)
    const status = await statusOf(one)
    assert.equal(releaseOf(status), older)
    const rejected = status.rejected.find((entry) => entry.revision === revision)
    assert.deepEqual([rejected?.stage, rejected?.reason], ['activate', '2 agents died while they applied it'])
    assert.equal((await sync(one)).code, 1)
    assert.equal(await loadedRelease(one), older)
    await nothingLost(cluster)
    await apply(cluster, { comment: 'after an undone apply' })
  })

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`an agent that ends by ${signal} moves no VIP and fails no request, and its successor adopts both daemons`, async () => {
      const { client, lab } = cluster
      await settled(cluster)
      const daemons = await mainProcesses(cluster, 'one')
      const worker = await workerOf(one)
      await client.mark()
      await killAgent(one, signal)
      await sleep(1_500)
      assert.deepEqual(await lab.holdersOf(VIP), ['one'])
      one.start()
      await settled(cluster)
      assert.deepEqual(await mainProcesses(cluster, 'one'), daemons)
      assert.equal(await workerOf(one), worker)
      const [vip] = (await statusOf(one)).vips
      assert.equal(vip?.state, 'MASTER')
      await nothingLost(cluster)
    })
  }

  test('a dead HAProxy and a dead keepalived are started again, and every VIP comes back', async () => {
    await settled(cluster)
    for (const daemon of ['haproxy', 'keepalived'] as const) {
      const dead = one.pidOf(daemon)
      process.kill(dead, 'SIGKILL')
      await ended(dead)
      await until(`${daemon} runs again`, 10_000, async () => {
        const mains = (await mainProcesses(cluster, 'one'))[daemon]
        return mains.length === 1 && mains[0] !== dead
      })
      await settled(cluster)
      assert.deepEqual((await mainProcesses(cluster, 'one'))[daemon], [one.pidOf(daemon)])
    }
  })

  test('a node that boots without its repository serves the last release', async () => {
    const { client, repository, two } = cluster
    await apply(cluster, { comment: 'the last before the power cut' })
    const release = releaseOf(await statusOf(one))
    const show = repository.hide()
    await cutPower(one)
    await cutPower(two)
    for (const agent of [one, two]) rmSync(join(agent.directory, 'run'), { recursive: true })
    for (const agent of [one, two]) agent.start()
    await until('both nodes serve', 20_000, async () => {
      const loaded = await Promise.all([one, two].map(loadedRelease))
      return loaded[0] === release && (await cluster.lab.holdersOf(VIP)).join() === 'one'
    })
    await client.mark()
    await sleep(500)
    await nothingLost(cluster)
    const status = await statusOf(one)
    const reason = `git fetch from ${repository.url}: there is no git repository at this address, or we may not see it`
    assert.equal(status.headline.text, `the repository cannot be read: ${reason}; ${release} goes on serving`)
    assert.deepEqual(livePair(one), storedPair(one, release))
    show()
    for (const agent of [one, two]) assert.equal((await sync(agent)).code, 0)
    await settled(cluster)
  })

  test('stop ends keepalived, HAProxy and the agent, and the VIP moves', async () => {
    const pids = [agentPid(one), one.pidOf('haproxy'), one.pidOf('keepalived')]
    const stopped = await verb(one, 'stop')
    assert.deepEqual(stopped, {
      code: 0,
      said: [
        'draining, then stopping keepalived and HAProxy …',
        'keepalived and HAProxy are stopped, the agent ends. The next boot, or systemctl start, brings them back',
      ].join('\n'),
    })
    await until('all three end', 10_000, async () => !pids.some(isRunning))
    assert.deepEqual(await mainProcesses(cluster, 'one'), { haproxy: [], keepalived: [] })
    assert.deepEqual(await cluster.lab.holdersOf(VIP), ['two'])
    const asked = await verb(one, 'status')
    assert.equal(asked.code, 3)
    assert.equal(
      asked.said,
      `lb-agent: no agent runs on this node (${join(one.directory, 'run', 'control.sock')}); HAProxy and keepalived need none to go on serving, unless lb-agent stop has ended them. Start it: systemctl start lb-agent (with supervisor: embedded, lb-agent-embedded), or lb-agent run`,
    )
    one.start()
    await settled(cluster)
  })

  /** Applies two releases that differ in both files. */
  async function twoReleases(): Promise<{ before: string; after: string; revision: string }> {
    const first = releaseOf(await statusOf(one))
    const revision = commitBoth()
    assert.equal((await sync(one)).code, 0)
    await until('all is well', 15_000, async () => (await statusOf(one)).headline.well)
    return { before: first, after: releaseOf(await statusOf(one)), revision }
  }

  /** What an agent leaves that dies between its two renames: haproxy.cfg is new, keepalived.conf and the state are `older`'s. */
  function leaveMixed(older: string, journal: Record<string, unknown>): void {
    const stateFile = join(one.directory, 'state', 'state.json')
    const state = JSON.parse(readFileSync(stateFile, 'utf8'))
    const record = JSON.parse(readFileSync(join(one.directory, 'state', 'releases', older, 'release.json'), 'utf8'))
    const applied = { ...state.applied, release: older, revision: record.revision }
    writeFileSync(stateFile, JSON.stringify({ ...state, applied }))
    writeFileSync(liveFile(one, 'keepalived'), storedPair(one, older).keepalived)
    writeJournal(one, journal)
  }

  /** Kills agent and daemons at once and takes the VIP off, as no process was left to do so. */
  async function cutPower(agent: LabAgent): Promise<void> {
    await killAgent(agent)
    const mains = await mainProcesses(cluster, agent.node)
    for (const pid of [...mains.haproxy, ...mains.keepalived]) process.kill(pid, 'SIGKILL')
    await until('its daemons are gone', 10_000, async () => {
      const { haproxy, keepalived } = await mainProcesses(cluster, agent.node)
      return haproxy.length + keepalived.length === 0
    })
  }
})

async function workerOf(agent: LabAgent): Promise<number> {
  let pid = 0
  await until('HAProxy has been asked', 5_000, async () => {
    const { haproxy } = await statusOf(agent)
    pid = haproxy.state === 'running' ? haproxy.pid : 0
    return pid !== 0
  })
  return pid
}

function readJournal(agent: LabAgent): unknown {
  return JSON.parse(readFileSync(join(agent.directory, 'state', 'journal.json'), 'utf8'))
}

function writeJournal(agent: LabAgent, journal: Record<string, unknown>): void {
  const text = JSON.stringify({ ...journal, startedAtMs: Date.now() })
  writeFileSync(join(agent.directory, 'state', 'journal.json'), text)
}
