import assert from 'node:assert/strict'
import { chmodSync, existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import type { Status } from '../../src/status.ts'
import type { Why } from '../../src/timeline/tell.ts'
import { type Cluster, killAgent, nothingLost, settled, startCluster, statusOf, VIP, verb } from '../support/cluster.ts'
import { missingForClock } from '../support/requirements.ts'

const HOUR_MS = 3_600_000
/** The agent looks once a second. */
const NOTICED_WITHIN_MS = 5_000

suite('a clock that jumps by an hour', { skip: missingForClock(), timeout: 120_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let two: LabAgent
  let offset: string
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
    two = cluster.two
    offset = join(one.directory, 'clock')
    setClock(0)
    for (const agent of cluster.agents) await killAgent(agent)
    one.start({ LB_AGENT_NODE: nodeWithClock(cluster, offset) })
    two.start()
    await settled(cluster)
  })
  after(() => cluster?.close())

  /** The time of day of node one's agent, seconds from the real one; whole at every moment, as the agent reads it each time. */
  const setClock = (seconds: number): void => {
    writeFileSync(`${offset}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`)
    renameSync(`${offset}.new`, offset)
  }
  const offsetOf = async (): Promise<number> =>
    HOUR_MS * Math.abs(Math.round(((await statusOf(one)).atMs - Date.now()) / HOUR_MS))
  const clockTrouble = async (): Promise<string | undefined> =>
    (await statusOf(one)).troubles.find(({ key }) => key === 'clock')?.text
  const jumped = async (direction: string): Promise<void> => {
    await until('status names it', NOTICED_WITHIN_MS, async () => (await clockTrouble())?.includes(direction) === true)
    assert.equal(
      await clockTrouble(),
      `the clock jumped ${direction} by 1h: times in logs and why do not fit; VIPs do not depend on it`,
    )
    assert.match((await verb(one, 'status')).said, new RegExp(`▲ for .+: the clock jumped ${direction} by 1h: `))
  }
  const moves = async (agent: LabAgent): Promise<number> => {
    const answer = await verb(agent, 'why', 'v', '--all', '--json')
    return (JSON.parse(answer.said) as Why).events.filter(({ kind }) => kind === 'vrrp').length
  }
  /** No fact is lost or of another age because the time of day is another. */
  const knowsAsBefore = ({ gate, haproxy, services, peers, fetch, drift }: Status): void => {
    const known = [haproxy.state, gate.fresh, ...services.map(({ up }) => up), ...peers.map(({ up }) => up)]
    assert.deepEqual(known, ['running', true, 2, true])
    for (const ageMs of [gate.ageMs, haproxy.ageMs, fetch?.ageMs, drift.ageMs])
      assert.ok(typeof ageMs === 'number' && ageMs >= 0 && ageMs < 120_000, `${ageMs}`)
    assert.ok(fetch !== null && Math.abs(fetch.nextInMs) < 120_000, JSON.stringify(fetch))
  }
  const checkIsWell = async (): Promise<void> => {
    const launcher = join(cluster.lab.directory, 'bin', 'lb-agent')
    const check = [launcher, 'check', '--runtime', join(one.directory, 'run'), '--health-port', '8405']
    const namespace = cluster.lab.network.namespace('one')
    const result = await exec('ip', ['netns', 'exec', namespace, ...check], { timeoutMs: 5_000 })
    assert.ok(succeeded(result), describeFailure(result))
  }

  for (const [direction, seconds] of [
    ['forward', 3600],
    ['back', 0],
  ] as const) {
    test(`${direction} is named in status and why, moves no VIP, and makes no fact old`, async () => {
      const before = await Promise.all(cluster.agents.map(moves))
      await until('the peer was asked', 15_000, async () => (await statusOf(one)).peers[0]?.up === true)
      await cluster.client.mark()
      setClock(seconds)
      for (let look = 0; look < 10; look += 1) knowsAsBefore(await statusOf(one))
      await jumped(direction)
      assert.equal(await offsetOf(), seconds * 1_000)
      for (let look = 0; look < 10; look += 1) {
        await checkIsWell()
        knowsAsBefore(await statusOf(one))
        assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
        assert.equal(readFileSync(join(one.directory, 'run', 'vrrp', 'gate'), 'utf8'), '1\n')
        await sleep(200)
      }
      await nothingLost(cluster)
      assert.deepEqual(await Promise.all(cluster.agents.map(moves)), before)
      assert.match((await verb(one, 'why', 'v')).said, new RegExp(`the clock was set ${direction} by `))
    })

    test(`${direction} neither ends nor prolongs a drain that has an end`, async () => {
      setClock(direction === 'forward' ? 0 : 3600)
      await until(
        'the agent has that time',
        NOTICED_WITHIN_MS,
        async () => (await offsetOf()) === (direction === 'forward' ? 0 : HOUR_MS),
      )
      assert.equal((await verb(one, 'drain', '--for', '6s')).code, 0)
      const begunAt = performance.now()
      setClock(seconds)
      await until('the agent has the new time', NOTICED_WITHIN_MS, async () => (await offsetOf()) === seconds * 1_000)
      await sleep(1_500)
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['two'])
      await until('the VIP is back', 15_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'one')
      assert.ok(performance.now() - begunAt > 4_000, 'the drain ended early')
    })
  }
})

/** A program that is Node with a time of day of its own: libfaketime, for this process alone (its children have a clean environment). */
function nodeWithClock(cluster: Cluster, offset: string): string {
  const file = join(cluster.lab.directory, 'node-with-clock')
  const [library = ''] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
  assert.ok(existsSync(library))
  const settings = `LD_PRELOAD=${library} FAKETIME_TIMESTAMP_FILE=${offset} FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1`
  // Files keep the kernel's times.
  writeFileSync(file, `#!/bin/sh\n${settings} NO_FAKE_STAT=1 exec ${cluster.lab.program.node} "$@"\n`)
  chmodSync(file, 0o755)
  return file
}
