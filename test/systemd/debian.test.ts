import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { type BootedCluster, bootCluster, packageFile, putFile, statusIn } from '../support/booted-cluster.ts'
import { seenByClient, VIP } from '../support/cluster.ts'
import { debianImage } from '../support/image.ts'
import { missingForBoots } from '../support/requirements.ts'

type Told = { about: string; verdict: string; fix: string | null }

for (const release of ['bookworm', 'trixie'] as const) {
  suite(`the package on Debian ${release}`, { skip: missingForBoots(), timeout: 900_000 }, () => {
    let cluster: BootedCluster
    let scratch = ''
    before(async () => {
      scratch = mkdtempSync(join(tmpdir(), 'lb-agent-deb-'))
      cluster = await bootCluster(await debianImage(release))
    })
    after(async () => {
      await cluster?.close()
      rmSync(scratch, { recursive: true, force: true })
    })
    const both = () => [cluster.one, cluster.two]
    const isWell = (machine: BootedCluster['one']) =>
      until('all is well', 30_000, async () => (await statusIn(machine))?.headline.well === true).catch(
        async (error) => {
          const status = await statusIn(machine)
          const log = await machine.tryRun('journalctl', '-u', 'lb-agent', '-n', '20', '--no-pager')
          throw new Error(`${error.message}: ${status?.headline.text}\n${log.stdout}`)
        },
      )
    const install = (file: string) =>
      Promise.all(
        both().map(async (machine) => {
          putFile(machine, '/root/lb-agent.deb', { file })
          await machine.run('dpkg', '-i', '/root/lb-agent.deb')
        }),
      )

    test('installs beside a Debian’s HAProxy and keepalived, and serves with the first commit', async (t) => {
      const startedAt = performance.now()
      await install(packageFile(/\.deb$/))
      for (const machine of both())
        assert.equal((await machine.tryRun('systemctl', 'is-active', 'lb-agent')).kind, 'exited')
      for (const [name, machine] of [
        ['one', cluster.one],
        ['two', cluster.two],
      ] as const) {
        const yaml = `node: ${name}\nrepository: { url: "file:///srv/lb-config" }\nhttp: { listen: "0.0.0.0:9853" }\napply: { confirmWindow: 400ms }\n`
        putFile(machine, '/etc/lb-agent/agent.yaml', { text: yaml })
        await machine.run('systemctl', 'start', 'lb-agent')
      }
      await cluster.isHeldBy('one')
      await Promise.all(both().map(isWell))
      t.diagnostic(`from dpkg -i to a VIP that serves: ${Math.round(performance.now() - startedAt)} ms`)
      await cluster.client.mark()
      await until('requests are answered', 5_000, async () => ((await cluster.client.report())['web']?.sent ?? 0) > 20)
      assert.equal((await seenByClient(cluster.client)).failed, 0)
    })

    test('the doctor finds nothing wrong with it, and names a unit and a directory that are', async () => {
      const doctor = async (...before: readonly string[]) => {
        const result = await cluster.two.tryRun(...before, 'lb-agent', 'doctor', '--json')
        return (JSON.parse(result.stdout.toString('utf8')) as { checks: Told[] }).checks
      }
      const problemsOf = (checks: readonly Told[]) => checks.filter(({ verdict }) => verdict === 'problem')
      const healthy = await doctor()
      assert.deepEqual(problemsOf(healthy), [])
      for (const about of ['haproxy', 'keepalived', 'lb-agent', 'lb-agent-drain', 'polkit', 'stats socket', 'VIP v'])
        assert.ok(
          healthy.some((told) => told.about === about && told.verdict === 'ok'),
          `${about}: ${JSON.stringify(healthy)}`,
        )
      // Somebody who may little is told of no problem that is none.
      assert.deepEqual(problemsOf(await doctor('setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups')), [])
      await cluster.two.run('systemctl', 'disable', 'keepalived')
      await cluster.two.run('chmod', '0755', '/etc/haproxy')
      const problems = problemsOf(await doctor())
      assert.deepEqual(
        problems.map(({ about, fix }) => [about, fix?.split(';')[0]]),
        [
          ['keepalived', 'systemctl enable keepalived.service'],
          ['/etc/haproxy', 'chgrp lb-agent /etc/haproxy && chmod 2775 /etc/haproxy'],
        ],
      )
      for (const { fix } of problems) await cluster.two.run('sh', '-c', fix?.split(';')[0] ?? '')
      assert.deepEqual(problemsOf(await doctor()), [])
    })

    test('HAProxy that is killed is not missed', async () => {
      await cluster.client.mark()
      await cluster.one.run('pkill', '-KILL', '-x', 'haproxy')
      await until('the VIP moves', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'two')
      await cluster.isHeldBy('one')
      const { longestGapMs } = await seenByClient(cluster.client)
      assert.ok(longestGapMs < 1_000, `${longestGapMs} ms`)
    })

    test('an upgrade under load moves no VIP and fails no request', async () => {
      await Promise.all(both().map(isWell))
      await cluster.client.mark()
      await install(nextVersion())
      await Promise.all(both().map(isWell))
      assert.equal((await statusIn(cluster.one))?.version, '0.1.0')
      assert.match(await cluster.one.run('dpkg-query', '-W', 'lb-agent'), /9\.9\.9/)
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
      const { failed, failures } = await seenByClient(cluster.client)
      assert.equal(failed, 0, JSON.stringify(failures))
    })

    test('a node that is rebooted drains first, and comes back', async (t) => {
      await cluster.client.mark()
      const startedAt = performance.now()
      await cluster.one.reboot()
      t.diagnostic(`halted and booted in ${Math.round(performance.now() - startedAt)} ms`)
      await cluster.isHeldBy('one')
      await isWell(cluster.one)
      const { failed, sent, longestGapMs } = await seenByClient(cluster.client)
      assert.ok(failed <= 3, `${failed} of ${sent} failed, longest gap ${longestGapMs} ms`)
      assert.equal((await cluster.one.run('systemctl', 'show', '-P', 'NRestarts', 'lb-agent')).trim(), '0')
    })

    test('the agent cannot write elsewhere, use another unit, or gain a capability', async () => {
      const pid = (await cluster.one.run('systemctl', 'show', '-P', 'MainPID', 'lb-agent')).trim()
      assert.match(await cluster.one.run('cat', `/proc/${pid}/status`), /^CapEff:\t0{16}$/m)
      const asAgent = (...argv: string[]) =>
        cluster.one.tryRun(
          'nsenter',
          '-t',
          pid,
          '-m',
          '--',
          'setpriv',
          '--reuid=lb-agent',
          '--regid=lb-agent',
          '--init-groups',
          '--no-new-privs',
          ...argv,
        )
      for (const argv of [
        ['touch', '/etc/x'],
        ['touch', '/usr/lib/lb-agent/x'],
        ['systemctl', '--no-ask-password', 'restart', 'dbus'],
        ['systemctl', '--no-ask-password', 'restart', 'haproxy'],
      ]) {
        const result = await asAgent(...argv)
        assert.ok(result.kind === 'exited' && result.code !== 0, argv.join(' '))
      }
    })

    test('without the package the daemons go on with the last release; purge takes what is left', async () => {
      await Promise.all(both().map(isWell))
      await cluster.client.mark()
      for (const machine of both()) await machine.run('dpkg', '-r', 'lb-agent')
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
      const { failed, failures } = await seenByClient(cluster.client)
      assert.equal(failed, 0, JSON.stringify(failures))
      for (const machine of both()) {
        assert.match(await machine.run('cat', '/etc/lb-agent/agent.yaml'), /^node: /)
        await machine.run('dpkg', '-P', 'lb-agent')
        for (const path of ['/var/lib/lb-agent', '/etc/lb-agent']) {
          const found = await machine.tryRun('ls', path)
          assert.ok(found.kind === 'exited' && found.code !== 0, path)
        }
        // They serve.
        assert.match(
          await machine.run('cat', '/etc/haproxy/haproxy.cfg'),
          /^ *description test\/(?:one|two) [0-9a-f]{12}-/m,
        )
      }
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
    })

    /** The same package as another version. */
    function nextVersion(): string {
      const [tree, file] = [join(scratch, 'next'), join(scratch, 'next.deb')]
      execFileSync('dpkg-deb', ['-R', packageFile(/\.deb$/), tree])
      const control = join(tree, 'DEBIAN', 'control')
      writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 9.9.9'))
      appendFileSync(join(tree, 'usr/lib/lb-agent/lb-agent.mjs'), '\n// 9.9.9\n')
      execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '-b', tree, file], { stdio: 'ignore' })
      return file
    }
  })
}
