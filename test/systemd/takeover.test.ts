import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../src/drill/lab-agents.ts'
import type { Booted } from '../support/booted.ts'
import {
  type BootedCluster,
  bootCluster,
  isWell,
  packageFile,
  putFile,
  ran,
  statusIn,
} from '../support/booted-cluster.ts'
import { specText } from '../support/cluster.ts'
import { handFiles, runByHand } from '../support/hand-pair.ts'
import { debianImage } from '../support/image.ts'
import { missingForBoots } from '../support/requirements.ts'

for (const release of ['bookworm', 'trixie'] as const) {
  suite(`a hand-written pair on Debian ${release}`, { skip: missingForBoots(), timeout: 600_000 }, () => {
    let cluster: BootedCluster
    before(async () => {
      // As the pair does: another transport is another instance to keepalived.
      const text = specText().replace('vrrp: {', 'vrrp: { transport: multicast,')
      cluster = await bootCluster(await debianImage(release), text)
      for (const machine of cluster.machines) {
        await runByHand(machine, machine.name)
        putFile(machine, '/root/lb-agent.deb', { file: packageFile(/\.deb$/) })
        await machine.run('dpkg', '-i', '/root/lb-agent.deb')
      }
      await cluster.isHeldBy('one')
      await answered()
    })
    after(() => cluster?.close())
    const one = (): Booted => cluster.machine('one')
    const two = (): Booted => cluster.machine('two')

    test('the node that holds the VIP is not taken over while another one would not hear it', async () => {
      const { code, said } = await install(one(), '--yes')
      assert.equal(code, 1)
      assert.match(
        said,
        /^problem {2}this node holds VIPs, .* two \(10\.9\.0\.2\): no agent answers at port 9853: nobody listens on port 9853 \(http\.listen there, the firewall\)$/m,
      )
      assert.match(said, /^ {2}→ have lb-agent install serve on two first: they then wait for this node;/m)
      assert.match(said, /^nothing was changed$/m)
      assert.equal(await one().run('cat', '/etc/keepalived/keepalived.conf'), handFiles('one').keepalived)
    })

    test('a dry run says what would be done, and does nothing', async () => {
      const { code, said } = await install(two(), '--dry-run')
      assert.equal(code, 0)
      assert.match(said, /^-vrrp_instance VI_1 \{$/m)
      assert.match(said, /^ {2}- leave v to the node that holds it today, until lb-agent is installed there$/m)
      assert.match(said, /^nothing was changed$/m)
      assert.equal(await two().run('cat', '/etc/keepalived/keepalived.conf'), handFiles('two').keepalived)
      assert.equal((await ran(two(), 'ls', '/etc/lb-agent/agent.yaml')).code, 2)
    })

    test('both nodes are taken over under load without a failed request, and the VIP stays', async (t) => {
      await cluster.client.mark()
      const first = await install(two(), '--yes')
      assert.equal(first.code, 0, first.said)
      const waits = await statusIn(two())
      assert.equal(waits?.headline.text, 'v: left to the pair that holds it without lb-agent')
      assert.equal(waits?.vips[0]?.scoreCause, 'waits_for_takeover')
      const second = await install(one(), '--yes')
      assert.equal(second.code, 0, second.said)
      assert.deepEqual(await cluster.holders(), ['one'])
      await Promise.all(cluster.machines.map(isWell))
      assert.deepEqual(await cluster.holders(), ['one'])
      const { failed, said } = await cluster.seen()
      t.diagnostic(said)
      assert.equal(failed, 0, said)
    })

    test('a second run finds nothing to do, and another wish is shown as a diff', async () => {
      const again = await install(one(), '--yes')
      assert.deepEqual(
        [again.code, again.said.split('\n').at(-1)],
        [0, 'nothing to do: all of it is there, and the agent runs'],
      )
      const other = await install(one(), '--listen', '0.0.0.0:9999', '--dry-run')
      assert.match(other.said, /^ +-( +)listen: 0\.0\.0\.0:9853\n +\+\1listen: 0\.0\.0\.0:9999$/m)
      assert.match(other.said, /^ {2}- restart lb-agent, which moves no VIP$/m)
    })

    test('the pair now fails over', async () => {
      await one().run('systemctl', 'stop', 'keepalived')
      await cluster.isHeldBy('two')
      await one().run('systemctl', 'start', 'keepalived')
      await cluster.isHeldBy('one')
      await Promise.all(cluster.machines.map(isWell))
    })

    test('uninstall goes back to the hand-written files under load', async () => {
      await cluster.client.mark()
      for (const machine of [two(), one()]) {
        const alone = machine === one() ? ['--alone'] : []
        const { code, said } = await ran(machine, 'lb-agent', 'uninstall', '--yes', ...alone)
        assert.equal(code, 0, said)
      }
      await two().run('systemctl', 'enable', '--quiet', '--now', 'keepalived')
      for (const machine of cluster.machines) {
        const files = handFiles(machine.name)
        assert.equal(await machine.run('cat', '/etc/haproxy/haproxy.cfg'), files.haproxy)
        assert.equal(await machine.run('cat', '/etc/keepalived/keepalived.conf'), files.keepalived)
        assert.equal((await machine.tryRun('systemctl', 'is-active', 'lb-agent')).stdout.toString().trim(), 'inactive')
      }
      // Longer than three adverts of a second: each hears the other.
      await answered(5_000)
      assert.deepEqual(await cluster.holders(), ['one'])
      const { failed, said } = await cluster.seen()
      // README, "Limits today": two of some thirty on a busy machine cost one connection.
      assert.ok(failed <= 1, said)
    })

    test('a node that waits for its turn takes over when the old holder fails, and not when it is cut off itself', async () => {
      const first = await install(two(), '--yes')
      assert.equal(first.code, 0, first.said)
      // One that is cut off hears nobody either.
      await cluster.lab.network.cut('two')
      await sleep(15_000)
      await cluster.lab.network.heal('two')
      await sleep(4_000)
      assert.equal((await statusIn(two()))?.vips[0]?.scoreCause, 'waits_for_takeover')
      assert.deepEqual(await cluster.holders(), ['one'])
      await one().run('systemctl', 'stop', 'keepalived')
      await until('two takes over', 30_000, async () => (await cluster.holders()).join() === 'two')
      await isWell(two())
      const second = await install(one(), '--yes')
      assert.equal(second.code, 0, second.said)
      await Promise.all(cluster.machines.map(isWell))
      await cluster.isHeldBy('one')
    })

    function install(machine: Booted, ...words: string[]): Promise<{ code: number; said: string }> {
      return ran(machine, 'lb-agent', 'install', '--repo', 'file:///srv/lb-config', ...words)
    }

    /** The client goes on asking for a while. */
    async function answered(forMs = 500): Promise<void> {
      const endsAt = performance.now() + forMs
      await until('the client has asked for a while', 20_000, async () => {
        const sent = (await cluster.client.report())['web']?.sent ?? 0
        return sent > 20 && performance.now() > endsAt
      })
    }
  })
}
