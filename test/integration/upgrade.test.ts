import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { exec } from '../../src/exec.ts'
import { version } from '../../src/version.ts'
import { putBundle, putVersion, runs } from '../support/another-version.ts'
import {
  agentPid,
  apply,
  type Cluster,
  followSync,
  loadedRelease,
  mainProcesses,
  nothingLost,
  onePort,
  releaseOf,
  settled,
  specText,
  startCluster,
  statusOf,
  VIP,
  verb,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('another version on the disk', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  before(async () => {
    cluster = await startCluster('apply: { confirmWindow: 10s, reloadTimeout: 6s }\n')
    one = cluster.one
  })
  after(() => cluster?.close())
  afterEach(async () => {
    putVersion(cluster.lab, version())
    await runs(cluster.agents, version())
    await settled(cluster)
  })

  const daemons = async () => [await mainProcesses(cluster, 'one'), await mainProcesses(cluster, 'two')]
  const troubles = async () => (await statusOf(one)).troubles.map(({ text }) => text)

  test('takes over by itself: nothing moves, nothing is lost, and keepalived finds a fresh gate all the time', async (t) => {
    const [before, pid, release] = [await daemons(), agentPid(one), releaseOf(await statusOf(one))]
    await cluster.client.mark()
    const beats = watchBeats(one)
    t.after(beats.end)
    const startedAt = performance.now()
    putVersion(cluster.lab, '9.9.9')
    await until('status says so', 10_000, async () => (await one.status())?.agent.onDisk === '9.9.9')
    await runs(cluster.agents, '9.9.9')
    t.diagnostic(`from the new bundle to an answer of it: ${Math.round(performance.now() - startedAt)} ms`)
    await settled(cluster)
    const { oldestMs, refused, closed } = await beats.end()
    t.diagnostic(`oldest beat ${oldestMs} ms`)
    // A beat counts for 1.2 s; on a busy machine `lb-agent check` asks HAProxy itself meanwhile.
    assert.ok(oldestMs < 5_000, `a beat was ${oldestMs} ms old`)
    assert.deepEqual([refused, closed], [0, 0])
    assert.equal(agentPid(one), pid)
    assert.deepEqual(await daemons(), before)
    assert.equal(await loadedRelease(one), release)
    assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
    await nothingLost(cluster)
    assert.equal((await verb(one, 'sync')).code, 0)
    const log = readFileSync(join(one.directory, 'agent.log'), 'utf8')
    const told = `"from":"${version()}","to":"9.9.9","msg":"another version of lb-agent takes over; haproxy and keepalived go on"`
    assert.ok(log.includes(told), log)
    assert.doesNotMatch(log, /ExperimentalWarning/)
  })

  test('starts a daemon again that dies under the one that took over', async () => {
    putVersion(cluster.lab, '9.9.9')
    await runs(cluster.agents, '9.9.9')
    // Children of this very process, of which it never heard that they were.
    for (const daemon of ['haproxy', 'keepalived'] as const) {
      const pid = one.pidOf(daemon)
      process.kill(pid, 'SIGKILL')
      await until(`${daemon} runs again`, 10_000, async () => {
        const [again, ...more] = (await mainProcesses(cluster, 'one'))[daemon]
        return again !== undefined && again !== pid && more.length === 0
      })
      await settled(cluster)
    }
  })

  test('one that cannot start leaves the old one at work, which says so until it is mended', async () => {
    const pid = agentPid(one)
    putBundle(cluster.lab, 'throw new Error("half a file")\n')
    await until('it is told', 15_000, async () => (await troubles()).length > 0)
    assert.match(
      (await troubles()).join('\n'),
      new RegExp(
        `^the program on the disk is another one and cannot take over: exit code 1: .+; lb-agent ${version()} goes on, but could not be started again: install it anew$`,
      ),
    )
    const status = await statusOf(one)
    assert.deepEqual([status.version, status.agent.onDisk, agentPid(one)], [version(), null, pid])
    putVersion(cluster.lab, '9.9.9')
    await runs(cluster.agents, '9.9.9')
    assert.deepEqual(await troubles(), [])
  })

  test('waits for the end of an apply', async () => {
    const before = await daemons()
    const release = releaseOf(await statusOf(one))
    cluster.repository.commit({ 'lb.yaml': specText({ services: onePort(81) }) }, 'One more port')
    const said: string[] = []
    let isOver = false
    const applying = followSync(one, (event) => said.push(JSON.stringify(event))).finally(() => {
      isOver = true
    })
    await until('HAProxy is reloaded', 10_000, async () => said.some((line) => line.includes('"confirm haproxy"')))
    putVersion(cluster.lab, '9.9.9')
    let waited = false
    while (!isOver) {
      const status = await one.status()
      waited ||= status?.agent.onDisk === '9.9.9' && status.version === version()
      await sleep(20)
    }
    await applying
    assert.match(said.at(-1) ?? '', /"kind":"applied"/)
    assert.ok(waited, 'it was ready before the end of the confirm window')
    await runs(cluster.agents, '9.9.9')
    await settled(cluster)
    assert.notEqual(releaseOf(await statusOf(one)), release)
    assert.equal(await loadedRelease(one), releaseOf(await statusOf(one)))
    assert.deepEqual(await daemons(), before)
  })

  test('the version before goes on with what a later one has applied and written: nothing is reloaded', async () => {
    putVersion(cluster.lab, '9.9.9')
    await runs(cluster.agents, '9.9.9')
    await settled(cluster)
    await apply(cluster, { services: onePort(82) })
    const release = releaseOf(await statusOf(one))
    const record = () => JSON.parse(readFileSync(recordFile, 'utf8'))
    const recordFile = join(one.directory, 'state', 'releases', release, 'release.json')
    assert.equal(record().renderedBy, '9.9.9')
    const stateFile = join(one.directory, 'state', 'state.json')
    const state = { ...JSON.parse(readFileSync(stateFile, 'utf8')), later: { than: '0.1' } }
    writeFileSync(stateFile, JSON.stringify(state))
    const expectation = { ...record().expectation, haproxyMetrics: 'pushed', later: true }
    writeFileSync(recordFile, JSON.stringify({ ...record(), expectation, later: true }))
    appendFileSync(join(one.directory, 'state', 'timeline.jsonl'), `{"atMs":1,"kind":"weather","sky":"blue"}\n`)
    const [before, worker] = [await daemons(), await workerOf(one)]
    await cluster.client.mark()
    putVersion(cluster.lab, version())
    await runs(cluster.agents, version())
    await until('it has rendered the revision itself', 10_000, async () => record().renderedBy === version())
    await settled(cluster)
    assert.deepEqual([await daemons(), await workerOf(one)], [before, worker])
    assert.equal(releaseOf(await statusOf(one)), release)
    assert.equal(await loadedRelease(one), release)
    assert.deepEqual(JSON.parse(readFileSync(stateFile, 'utf8')).later, { than: '0.1' })
    await nothingLost(cluster)
  })

  test('one that cannot understand the state is not given way to', async () => {
    const stateFile = join(one.directory, 'state', 'state.json')
    const state = readFileSync(stateFile, 'utf8')
    const pid = agentPid(one)
    // As if a version between had raised it: the agent that runs has read the file, the one on the disk would have to.
    writeFileSync(stateFile, JSON.stringify({ ...JSON.parse(state), format: 2 }))
    putVersion(cluster.lab, '0.0.9')
    await runs([cluster.two], '0.0.9')
    await until('it is told', 15_000, async () => (await troubles()).length > 0)
    assert.match((await troubles()).join(), /state\.json cannot be read: a newer lb-agent wrote it \(format 2, /)
    assert.deepEqual([(await statusOf(one)).version, agentPid(one)], [version(), pid])
    writeFileSync(stateFile, state)
  })

  /** The age of the agent's last beat, the gate, and what `lb-agent check` says, again and again. */
  function watchBeats(agent: LabAgent) {
    const [runtime, namespace] = [join(agent.directory, 'run'), cluster.lab.network.namespace(agent.node)]
    const launcher = join(cluster.lab.directory, 'bin', 'lb-agent')
    let [oldestMs, refused, closed, ended] = [0, 0, 0, false]
    const beating = (async () => {
      while (!ended) {
        const [now, beat] = [seconds('/proc/uptime'), seconds(join(runtime, 'heartbeat'))]
        // In the middle of being written it is shorter.
        if (beat > now - 60) oldestMs = Math.max(oldestMs, Math.round(1000 * (now - beat)))
        if (readFileSync(join(runtime, 'vrrp', 'gate'), 'utf8') !== '1\n') closed += 1
        await sleep(10)
      }
    })()
    const checking = (async () => {
      while (!ended) {
        const checked = await exec('ip', ['netns', 'exec', namespace, launcher, 'check', '--runtime', runtime], {
          timeoutMs: 5_000,
        })
        if (checked.kind !== 'exited' || checked.code !== 0) refused += 1
        await sleep(100)
      }
    })()
    return {
      end: async () => {
        ended = true
        await Promise.all([beating, checking])
        return { oldestMs, refused, closed }
      },
    }
  }
})

/** HAProxy's worker: each reload starts another one. */
async function workerOf(agent: LabAgent): Promise<number> {
  const { haproxy } = await statusOf(agent)
  return haproxy.state === 'running' ? haproxy.pid : 0
}

function seconds(file: string): number {
  return Number.parseFloat(readFileSync(file, 'utf8'))
}
