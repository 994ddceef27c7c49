import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Booted } from '../support/booted.ts'
import { isWell, putFile, statusIn } from '../support/booted-cluster.ts'
import { type DebianSeat, setUp } from './debian-seat.ts'

/** keepalived has asked its check script several times. */
const GOES_ON_MS = 5_000
const OWN_FILES = [
  '/etc/lb-agent/agent.yaml',
  '/etc/lb-agent/allowed_signers',
  '/etc/systemd/system/lb-agent.service.d/own.conf',
]

const LIVE = ['/etc/haproxy/haproxy.cfg', '/etc/keepalived/keepalived.conf']
const SAYS_WHAT_HOLDS =
  /^lb-agent: HAProxy and keepalived go on with the last release until the next boot; after it keepalived finds no gate and holds no VIP\. /m

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
    const told = await Promise.all(cluster.machines.map((machine) => machine.run('dpkg', '-r', 'lb-agent')))
    for (const text of told) {
      assert.match(text, SAYS_WHAT_HOLDS)
      assert.match(text, / install the package again, run lb-agent uninstall, then remove it\. Otherwise /)
    }
    await sleep(GOES_ON_MS)
    const { failed, said } = await cluster.seen()
    t.diagnostic(`removed from three nodes at once; ${said}`)
    assert.equal(failed, 0, said)
    assert.deepEqual(await cluster.holders(), ['one', 'one'])
    assert.deepEqual(await daemonsOf(cluster.machines), daemons)
    assert.equal(await ownFiles(one), before)
  })

  test('a package that comes back runs the agent again, as it was', async (t) => {
    const { cluster, install, nextVersion } = use()
    await cluster.client.mark()
    const daemons = await daemonsOf(cluster.machines)
    await install(nextVersion())
    await Promise.all(cluster.machines.map(isWell))
    for (const machine of cluster.machines)
      assert.deepEqual(await unitsOf(machine), ['active enabled', 'active enabled', 'inactive disabled'])
    const { failed, said } = await cluster.seen()
    t.diagnostic(`removed and installed again; ${said}`)
    assert.equal(failed, 0, said)
    assert.deepEqual(await cluster.holders(), ['one', 'one'])
    assert.deepEqual(await daemonsOf(cluster.machines), daemons)
  })

  test('a package whose agent did not start at boot leaves it so when it comes back, and says what is next', async () => {
    const { one, nextVersion } = use()
    await one.run('systemctl', 'disable', '--quiet', '--now', 'lb-agent', 'lb-agent-drain')
    await one.run('dpkg', '-r', 'lb-agent')
    putFile(one, '/root/lb-agent.deb', { file: nextVersion() })
    const said = await one.run('dpkg', '-i', '/root/lb-agent.deb')
    assert.match(said, /^lb-agent: it did not start at boot when the package was removed, and does not now\. /m)
    assert.deepEqual(await unitsOf(one), ['inactive disabled', 'inactive disabled', 'inactive disabled'])
    await one.run('systemctl', 'enable', '--quiet', '--now', 'lb-agent', 'lb-agent-drain')
    await isWell(one)
  })

  test('purge takes away what the package made, but not what serves', async () => {
    const { cluster } = use()
    await cluster.client.mark()
    for (const machine of cluster.machines) {
      await machine.run('rm', '-r', '/etc/systemd/system/lb-agent.service.d')
      // Not every Debian has it.
      await machine.run('rm', '-f', '/usr/bin/pgrep')
      const copies = (await machine.run('ls', '/var/lib/lb-agent/before-install')).trim()
      const own = (await machine.run('id', '-u', 'lb-agent')).trim()
      const said = await machine.run('dpkg', '-P', 'lb-agent')
      assert.match(said, SAYS_WHAT_HOLDS)
      const kept = '/var/backups/lb-agent-before-install'
      const where = `lb-agent: the files of HAProxy and keepalived from before lb-agent are in ${kept}`
      assert.ok(said.split('\n').includes(where), said)
      assert.equal((await machine.run('ls', kept)).trim(), copies)
      assert.match(copies, /haproxy\.cfg/)
      const found = await machine.run('find', '/', '-xdev', '-name', '*lb-agent*', '-not', '-path', '/root/*')
      assert.equal(found, `${kept}\n`)
      assert.equal(await machine.run('find', '/', '/run', '-xdev', '-uid', own), '')
      assert.equal((await machine.tryRun('id', 'lb-agent')).stdout.toString('utf8'), '')
      assert.equal(
        await machine.run('stat', '-c', '%a %U:%G %n', '/etc/haproxy', '/etc/keepalived', ...LIVE),
        ['755 root:root /etc/haproxy', '755 root:root /etc/keepalived', ...LIVE.map((file) => `644 root:root ${file}`)]
          .join('\n')
          .concat('\n'),
      )
      // Until the next boot, for the keepalived that reads them.
      const running = await machine.run('find', '/run', '-xdev', '-name', '*lb-agent*')
      assert.equal(running, '/run/lb-agent\n')
      const live = await machine.run('cat', '/etc/haproxy/haproxy.cfg')
      assert.match(live, new RegExp(`^ *description test/${machine.name} [0-9a-f]{12}-`, 'm'))
    }
    await sleep(GOES_ON_MS)
    const { failed, said } = await cluster.seen()
    assert.equal(failed, 0, said)
    assert.deepEqual(await cluster.holders(), ['one', 'one'])
  })

  test('after a purge the nodes can be set up again beside what runs', async () => {
    const { cluster, install, nextVersion } = use()
    await install(nextVersion())
    // The one that holds the VIPs is the last one.
    for (const name of ['three', 'two', 'one']) await setUp(cluster.machine(name), name)
    await Promise.all(cluster.machines.map(isWell))
    await cluster.isHeldBy('one')
  })

  test('a purge while no keepalived runs leaves nothing in /run', async () => {
    const { one } = use()
    await one.run('systemctl', 'stop', 'keepalived')
    await one.run('dpkg', '-P', 'lb-agent')
    assert.equal(await one.run('find', '/run', '-xdev', '-name', '*lb-agent*'), '')
  })
}

/** How the agent, its drain and the other agent are: running, and at boot. */
async function unitsOf(machine: Booted): Promise<string[]> {
  const units = ['lb-agent', 'lb-agent-drain', 'lb-agent-embedded']
  const shown = units.map((unit) => machine.run('systemctl', 'show', '-P', 'ActiveState', '-P', 'UnitFileState', unit))
  return (await Promise.all(shown)).map((text) => text.trim().replace('\n', ' '))
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
