import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { signalAll, withChildren } from '../../src/processes.ts'
import {
  agentPid,
  type Cluster,
  ended,
  followSync,
  nothingLost,
  onePort,
  settled,
  specText,
  startCluster,
  VIP,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('an agent that dies while it reloads HAProxy', { skip: missingForDaemons(), timeout: 180_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
    await one.end('SIGTERM')
    // As under systemd: it takes a moment to say that it ends, in which HAProxy is still looked at.
    one.start({ NOTIFY_SOCKET: join(one.directory, 'nobody-listens.sock') })
    await settled(cluster)
  })
  after(() => cluster?.close())

  /** Its agent gets `signal` once `stage` of an apply that moves the health listener to `port` has ended. */
  const dieAfter = async (stage: string, signal: NodeJS.Signals, port: number): Promise<void> => {
    const text = specText({ services: onePort(port) }).replace('pools:', `haproxy: { healthPort: ${port} }\npools:`)
    await cluster.client.mark()
    const pid = agentPid(one)
    cluster.repository.commit({ 'lb.yaml': text }, `Health port ${port}`)
    await followSync(one, (event) => {
      if (event['stage'] === stage) process.kill(pid, signal)
    })
    await ended(pid)
  }
  /** Longer than three checks of keepalived take to say no. */
  const staysFor = async (forMs: number): Promise<void> => {
    for (const endsAt = performance.now() + forMs; performance.now() < endsAt; await sleep(50)) {
      assert.equal(readFileSync(join(one.directory, 'run', 'vrrp', 'gate'), 'utf8'), '1\n')
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
    }
  }

  for (const [how, stage, signal, port] of [
    ['told to end, with HAProxy on its new port', 'confirm haproxy', 'SIGTERM', 8411],
    ['killed, with HAProxy on its new port and keepalived asking at the old one', 'reload haproxy', 'SIGKILL', 8412],
  ] as const)
    test(`${how}: the VIP stays, without an agent and with the next one`, async () => {
      await dieAfter(stage, signal, port)
      await staysFor(4_500)
      one.start({ NOTIFY_SOCKET: join(one.directory, 'nobody-listens.sock') })
      await staysFor(2_000)
      await settled(cluster)
      await until(
        'the new port is the only one',
        10_000,
        async () => !existsSync(join(one.directory, 'run/health-ports')),
      )
      await nothingLost(cluster)
    })

  test('killed, and HAProxy hangs: the next agent, which takes the apply up, notices and gives the VIP away', async () => {
    let hung: number[] = []
    let hungAt = 0
    const pid = agentPid(one)
    cluster.repository.commit({ 'lb.yaml': specText({ services: onePort(1999) }) }, 'A service')
    await followSync(one, (event) => {
      if (event['stage'] !== 'activate') return
      process.kill(pid, 'SIGKILL')
      hung = withChildren(one.pidOf('haproxy'))
      signalAll(hung, 'SIGSTOP')
      hungAt = performance.now()
    })
    await ended(pid)
    one.start()
    await until('two holds the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'two')
    const tookMs = performance.now() - hungAt
    signalAll(hung, 'SIGCONT')
    // Without an agent keepalived's own check takes 2 to 3 s; one that did not look took the 15 s of the reload.
    assert.ok(tookMs < 6_000, `${Math.round(tookMs)} ms`)
    await settled(cluster)
  })
})
