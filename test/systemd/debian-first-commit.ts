import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import type { Booted } from '../support/booted.ts'
import { isWell, losesNothing, packageFile } from '../support/booted-cluster.ts'
import { type DebianSeat, setUp } from './debian-seat.ts'

/** The API servers of the lab are any TLS servers: their certificate names no VIP. */
const CERTIFICATES = 'certificates of kubernetes-api'

type Told = { about: string; verdict: string; fix: string | null }

/** Measured: 7 s on two processors that have nothing else to do, 12 s beside other tests. */
const SERVES_WITHIN_MS = 30_000

/** From three Debians that know nothing of each other to two VIPs that serve, and what the doctor says of them. */
export function firstCommit(use: () => DebianSeat): void {
  test('the package is installed beside a Debian’s daemons, and both VIPs serve with the first commit', async (t) => {
    const { cluster, install } = use()
    const startedAt = performance.now()
    await install(packageFile(/\.deb$/))
    // The unit is enabled, and waits for agent.yaml.
    for (const machine of cluster.machines)
      assert.match(await machine.run('systemctl', 'show', '-P', 'ConditionResult', 'lb-agent'), /^no$/m)
    // It returns when the confirm window is over, some seconds after its VIPs serve.
    const installed = Promise.all(cluster.machines.map((machine) => setUp(machine, machine.name)))
    // By any node: the first one holds back for a while after it has come.
    await until('both VIPs are held', 60_000, async () => (await cluster.holders()).every((nodes) => nodes !== ''))
    await cluster.client.mark()
    await until('both VIPs answer', 5_000, async () => {
      const windows = Object.values(await cluster.client.report())
      return windows.every(({ sent, failed }) => sent > failed)
    })
    const tookMs = performance.now() - startedAt
    t.diagnostic(`from dpkg -i to both VIPs served: ${Math.round(tookMs)} ms`)
    assert.ok(tookMs < SERVES_WITHIN_MS, `${Math.round(tookMs)} ms`)
    await installed
    await cluster.isHeldBy('one')
    await Promise.all(cluster.machines.map(isWell))
    await losesNothing(cluster)
  })

  test('the doctor finds nothing wrong with it, and names a unit and a directory that are', async () => {
    const two = use().cluster.machine('two')
    const healthy = await doctor(two)
    assert.deepEqual(problemsOf(healthy), [])
    assert.equal(healthy.find(({ about }) => about === CERTIFICATES)?.verdict, 'problem')
    const looked = ['haproxy', 'keepalived', 'lb-agent', 'lb-agent-drain', 'polkit', 'stats socket', 'VIP api']
    for (const about of looked)
      assert.ok(
        healthy.some((told) => told.about === about && told.verdict === 'ok'),
        `${about}: ${JSON.stringify(healthy)}`,
      )
    // Somebody who may little is told of no problem that is none.
    const asNobody = await doctor(two, 'setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups')
    assert.deepEqual(problemsOf(asNobody), [])
    await two.run('systemctl', 'disable', 'keepalived')
    await two.run('chmod', '0755', '/etc/haproxy')
    const problems = problemsOf(await doctor(two))
    assert.deepEqual(
      problems.map(({ about, fix }) => [about, fix?.split(';')[0]]),
      [
        ['keepalived', 'systemctl enable keepalived.service'],
        ['/etc/haproxy', 'chgrp lb-agent /etc/haproxy && chmod 2775 /etc/haproxy'],
      ],
    )
    for (const { fix } of problems) await two.run('sh', '-c', fix?.split(';')[0] ?? '')
    assert.deepEqual(problemsOf(await doctor(two)), [])
    await two.run('systemctl', 'disable', 'keepalived')
    await two.run('chmod', '0755', '/etc/haproxy')
    // 1: the certificates are left for a person.
    const mended = (await two.tryRun('lb-agent', 'doctor', '--fix')).stdout.toString('utf8')
    assert.match(mended, /^units, keepalived: systemctl enable keepalived\.service … done$/m)
    assert.match(mended, /^files, \/etc\/haproxy: chmod 2775 \/etc\/haproxy … done$/m)
    assert.deepEqual(problemsOf(await doctor(two)), [])
  })
}

async function doctor(machine: Booted, ...before: readonly string[]): Promise<readonly Told[]> {
  const result = await machine.tryRun(...before, 'lb-agent', 'doctor', '--json')
  return (JSON.parse(result.stdout.toString('utf8')) as { checks: Told[] }).checks
}

function problemsOf(checks: readonly Told[]): readonly Told[] {
  return checks.filter(({ verdict, about }) => verdict === 'problem' && about !== CERTIFICATES)
}
