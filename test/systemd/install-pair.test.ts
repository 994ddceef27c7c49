import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { inNamespace } from '../../src/drill/ip.ts'
import type { Booted } from '../support/booted.ts'
import { type BootedCluster, bootCluster, isWell, ran } from '../support/booted-cluster.ts'
import { specText } from '../support/cluster.ts'
import { debianImage } from '../support/image.ts'
import { isRefused, putPackage } from '../support/installed.ts'
import { missingForBoots, missingPrograms } from '../support/requirements.ts'

suite('two new nodes by lb-agent install', {
  skip: missingForBoots() || missingPrograms('nft'),
  timeout: 600_000,
}, () => {
  let cluster: BootedCluster
  before(async () => {
    cluster = await bootCluster(await debianImage('bookworm'), specText())
  })
  after(() => cluster?.close())

  const one = (): Booted => cluster.machine('one')
  const two = (): Booted => cluster.machine('two')

  test('serve the VIP soon after the package was there', async (t) => {
    const startedAt = performance.now()
    await Promise.all(cluster.machines.map(putPackage))
    const words = ['lb-agent', 'install', '--repo', 'file:///srv/lb-config', '--yes']
    const served = cluster.isHeldBy('one').then(() => performance.now() - startedAt)
    for (const { code, said } of await Promise.all(cluster.machines.map((machine) => ran(machine, ...words))))
      assert.equal(code, 0, said)
    const servedMs = await served
    t.diagnostic(
      `from dpkg -i on both to the VIP: ${Math.round(servedMs)} ms; to the end of both installs: ${Math.round(performance.now() - startedAt)} ms`,
    )
    // 15 s are the aim; machines that test are busy.
    assert.ok(servedMs < 45_000, `${servedMs} ms`)
    await Promise.all(cluster.machines.map(isWell))
  })

  test('a node whose VIPs nobody takes is not uninstalled', async () => {
    await two().run('lb-agent', 'drain')
    await cluster.client.mark()
    const { code, said } = await ran(one(), 'lb-agent', 'uninstall', '--yes')
    assert.equal(code, 1, said)
    assert.match(said, /^failed {2}hand the VIPs over to two$/m)
    assert.match(said, /^problem {2}this node still holds VIPs: /m)
    assert.match(
      said,
      /^ {2}→ lb-agent status --cluster shows who could take them; lb-agent undrain takes part again$/m,
    )
    assert.match(said, /nothing was changed$/)
    assert.equal((await one().run('systemctl', 'is-active', 'lb-agent')).trim(), 'active')
    assert.deepEqual(await cluster.holders(), ['one'])
    const { failed, said: lost } = await cluster.seen()
    assert.equal(failed, 0, lost)
    await one().run('lb-agent', 'undrain')
    await two().run('lb-agent', 'undrain')
    await Promise.all(cluster.machines.map(isWell))
  })

  test('a node is uninstalled after the other one has taken its VIP', async () => {
    await cluster.client.mark()
    const { code, said } = await ran(one(), 'lb-agent', 'uninstall', '--yes')
    assert.equal(code, 0, said)
    assert.match(said, /^ok {6}hand the VIPs over to two$/m)
    assert.match(said, /^ok {6}stop keepalived, which had no file before install$/m)
    assert.deepEqual(await cluster.holders(), ['two'])
    const { failed, said: lost } = await cluster.seen()
    // A connection that was being opened in the millisecond of the hand-over may be reset (README, "Limits today").
    assert.ok(failed <= 1, lost)
  })

  test('an installation that ends with the VIP on two nodes says so, ends with 1, and so does the next run', async () => {
    await hearVrrp(false)
    const words = ['lb-agent', 'install', '--yes']
    const duplicate =
      /^problem {2}release \S+ is live, but DUPLICATE: this node holds v \(10\.9\.0\.100\), and two does as well: do they hear each other's adverts\?\n {2}→ Is keepalived well on the other node/m
    const first = await ran(one(), ...words)
    assert.equal(first.code, 1, first.said)
    assert.match(first.said, duplicate)
    assert.match(first.said, /^what stands above with ok is done, and stays; run it again to go on$/m)
    await isRefused(one(), words, { code: 1, lines: [duplicate] })
    await hearVrrp(true)
    await cluster.isHeldBy('one')
    await isWell(one())
    const last = await ran(one(), ...words)
    assert.deepEqual(
      [last.code, last.said.split('\n').at(-1)],
      [0, 'nothing to do: all of it is there, and the agent runs'],
    )
  })

  /** Whether adverts reach the nodes. */
  async function hearVrrp(heard: boolean): Promise<void> {
    const rules = 'table inet deaf { chain input { type filter hook input priority 0; ip protocol 112 drop; }; }'
    for (const { name } of cluster.machines)
      await inNamespace(cluster.lab.network.namespace(name), [
        'nft',
        ...(heard ? ['delete', 'table', 'inet', 'deaf'] : [rules]),
      ])
  }
})
