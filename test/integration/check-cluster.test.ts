import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../src/drill/lab-agents.ts'
import {
  agentPid,
  type Cluster,
  isRunning,
  killAgent,
  nothingLost,
  settled,
  startCluster,
  VIP,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

/** Promised for a HAProxy that dies while its agent is dead. */
const DEAD_WITHIN_MS = 3_000
/** A HAProxy that hangs is waited for: twice 350 ms more. */
const HUNG_WITHIN_MS = 4_000
const RELOADS = 20

suite('lb-agent check, called by a real keepalived', { skip: missingForDaemons(), timeout: 240_000 }, () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
  })
  after(() => cluster.close())

  const holders = (): Promise<string[]> => cluster.lab.holdersOf(VIP)

  /** How long until node two alone holds the VIP. */
  const moved = async (withinMs: number): Promise<number> => {
    const startedAt = performance.now()
    await until('node two alone holds the VIP', withinMs, async () => (await holders()).join() === 'two')
    return Math.round(performance.now() - startedAt)
  }

  test('an agent that is dead moves nothing, while both daemons are reloaded again and again', async () => {
    await cluster.client.mark()
    await killAgent(cluster.one)
    for (let count = 0; count < RELOADS; count += 1) {
      process.kill(cluster.one.pidOf('haproxy'), 'SIGUSR2')
      // A check that runs at that moment is ended, and must not count as a no.
      if (count % 2 === 0) process.kill(cluster.one.pidOf('keepalived'), 'SIGHUP')
      await until('HAProxy has a new worker', 5_000, async () => cluster.one.pidOf('haproxy') > 0)
      await sleep(200)
      assert.deepEqual(await holders(), ['one'])
    }
    await nothingLost(cluster)
  })

  test('with the agent dead, a HAProxy that dies loses the VIP', async (context) => {
    await kill(cluster)
    context.diagnostic(`moved after ${await moved(DEAD_WITHIN_MS)} ms`)
    cluster.one.start()
    await settled(cluster)
  })

  test('agent and HAProxy that die at once lose the VIP as quickly', async (context) => {
    await killAgent(cluster.one)
    await kill(cluster)
    context.diagnostic(`moved after ${await moved(DEAD_WITHIN_MS)} ms`)
    cluster.one.start()
    await settled(cluster)
  })

  test('an agent that hangs for six seconds moves nothing', async () => {
    await cluster.client.mark()
    process.kill(agentPid(cluster.one), 'SIGSTOP')
    for (let count = 0; count < 12; count += 1) {
      await sleep(500)
      assert.deepEqual(await holders(), ['one'])
    }
    await nothingLost(cluster)
  })

  test('while the agent hangs, a HAProxy that dies loses the VIP', async (context) => {
    await kill(cluster)
    context.diagnostic(`moved after ${await moved(DEAD_WITHIN_MS)} ms`)
    process.kill(agentPid(cluster.one), 'SIGCONT')
    await settled(cluster)
  })

  test('with the agent dead, a HAProxy that hangs loses the VIP', async (context) => {
    await killAgent(cluster.one)
    const stopped = haproxyOf(cluster)
    for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    context.diagnostic(`moved after ${await moved(HUNG_WITHIN_MS)} ms`)
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
    cluster.one.start()
    await settled(cluster)
  })
})

/** Kills HAProxy of node one: master and workers. */
async function kill(cluster: Cluster): Promise<void> {
  const pids = haproxyOf(cluster)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await until('HAProxy is gone', 2_000, async () => !pids.some(isRunning))
}

function haproxyOf({ one }: Cluster): number[] {
  const master = one.pidOf('haproxy')
  const workers = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean)
  return [master, ...workers.map(Number)]
}
