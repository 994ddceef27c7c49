import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Booted } from '../support/booted.ts'
import { isWell, putFile, statusIn } from '../support/booted-cluster.ts'
import type { DebianSeat } from './debian-seat.ts'

/** keepalived has asked its check script several times. */
const GOES_ON_MS = 5_000
const OWN_FILES = [
  '/etc/lb-agent/agent.yaml',
  '/etc/lb-agent/allowed_signers',
  '/etc/systemd/system/lb-agent.service.d/own.conf',
]

/** The package is upgraded, removed and purged, while clients go on asking. */
export function lifecycle(use: () => DebianSeat): void {
  test('an upgrade under load moves no VIP, fails no request, and leaves what a person has written', async (t) => {
    const { cluster, one, install, nextVersion } = use()
    await Promise.all(cluster.machines.map(isWell))
    for (const machine of cluster.machines) {
      putFile(machine, '/etc/lb-agent/allowed_signers', { text: 'ada@example.net ssh-ed25519 AAAA\n' })
      putFile(machine, '/etc/systemd/system/lb-agent.service.d/own.conf', { text: '[Service]\nNice=1\n' })
    }
    const before = await ownFiles(one)
    const daemons = await daemonsOf(cluster.machines)
    const next = nextVersion()
    await cluster.client.mark()
    const startedAt = performance.now()
    await install(next)
    const tookMs = performance.now() - startedAt
    await Promise.all(cluster.machines.map(isWell))
    const { failed, said } = await cluster.seen()
    t.diagnostic(`three nodes upgraded at once in ${Math.round(tookMs)} ms; ${said}`)
    assert.equal(failed, 0, said)
    assert.deepEqual(await cluster.holders(), ['one', 'one'])
    assert.match(await one.run('dpkg-query', '-W', 'lb-agent'), /9\.9\.9/)
    const status = await statusIn(one)
    assert.deepEqual([status?.version, status?.headline.well], ['9.9.9', true])
    assert.deepEqual(await daemonsOf(cluster.machines), daemons)
    assert.equal(await ownFiles(one), before)
  })

  test('without the package the daemons go on with the last release', async (t) => {
    const { cluster, one } = use()
    await Promise.all(cluster.machines.map(isWell))
    const before = await ownFiles(one)
    const daemons = await daemonsOf(cluster.machines)
    await cluster.client.mark()
    await Promise.all(cluster.machines.map((machine) => machine.run('dpkg', '-r', 'lb-agent')))
    await sleep(GOES_ON_MS)
    const { failed, said } = await cluster.seen()
    t.diagnostic(`removed from three nodes at once; ${said}`)
    assert.equal(failed, 0, said)
    assert.deepEqual(await cluster.holders(), ['one', 'one'])
    assert.deepEqual(await daemonsOf(cluster.machines), daemons)
    assert.equal(await ownFiles(one), before)
  })

  test('purge takes away what the package made, but not what serves', async () => {
    const { cluster } = use()
    await cluster.client.mark()
    for (const machine of cluster.machines) {
      await machine.run('rm', '-r', '/etc/systemd/system/lb-agent.service.d')
      await machine.run('dpkg', '-P', 'lb-agent')
      const found = await machine.run('find', '/', '-xdev', '-name', '*lb-agent*', '-not', '-path', '/root/*')
      assert.equal(found, '')
      // Until the next boot, for the keepalived that reads them.
      const kept = await machine.run('find', '/run', '-xdev', '-name', '*lb-agent*')
      assert.equal(kept, '/run/lb-agent\n')
      const live = await machine.run('cat', '/etc/haproxy/haproxy.cfg')
      assert.match(live, new RegExp(`^ *description test/${machine.name} [0-9a-f]{12}-`, 'm'))
    }
    await sleep(GOES_ON_MS)
    const { failed, said } = await cluster.seen()
    assert.equal(failed, 0, said)
    assert.deepEqual(await cluster.holders(), ['one', 'one'])
  })
}

async function ownFiles(machine: Booted): Promise<string> {
  return machine.run('sha256sum', ...OWN_FILES)
}

/** Which processes HAProxy and keepalived are: of neither was another one started. */
async function daemonsOf(machines: readonly Booted[]): Promise<string[]> {
  return Promise.all(
    machines.map((machine) => machine.run('systemctl', 'show', '-P', 'MainPID', 'haproxy', 'keepalived')),
  )
}
