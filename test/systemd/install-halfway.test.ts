import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../src/drill/lab-agents.ts'
import { ran, statusIn } from '../support/booted-cluster.ts'
import { type BootedNode, bootNode } from '../support/booted-node.ts'
import { VIP } from '../support/cluster.ts'
import { runByHand } from '../support/hand-pair.ts'
import { debianImage } from '../support/image.ts'
import { isRefused, putPackage, traces } from '../support/installed.ts'
import { missingForBoots } from '../support/requirements.ts'

const INSTALL = 'lb-agent install --repo file:///srv/lb-config --alone --accept-gap --yes'

suite('lb-agent install that was killed, and lb-agent uninstall', { skip: missingForBoots(), timeout: 900_000 }, () => {
  let node: BootedNode
  let before_ = ''
  before(async () => {
    node = await bootNode(await debianImage('bookworm'))
    await putPackage(node.one)
    await node.one.run('systemctl', 'disable', '--quiet', 'keepalived')
    before_ = await files()
  })
  after(() => node?.close())

  const uninstall = (...options: readonly string[]) => ran(node.one, 'lb-agent', 'uninstall', ...options)
  /** The live files, with owners and modes, and how both units are. */
  const files = () =>
    node.one.run(
      'sh',
      '-c',
      `stat -c '%n %a %U %G' /etc/haproxy/* /etc/keepalived/* 2>&1; sha256sum /etc/haproxy/* /etc/keepalived/* 2>&1
systemctl show -p Id,ActiveState,UnitFileState haproxy keepalived`,
    )
  const serves = async () => {
    assert.equal((await statusIn(node.one))?.headline.well, true)
    await until('the VIP is here', 30_000, async () => (await node.lab.holdersOf(VIP)).join() === 'one')
  }

  test('uninstall where nothing was installed changes nothing', async () => {
    await isRefused(node.one, ['lb-agent', 'uninstall', '--yes'], {
      code: 1,
      lines: [
        'problem  /etc/lb-agent/agent.yaml is not there: lb-agent was not set up here, or with another --config',
        '  → apt-get remove lb-agent takes the program away',
      ],
    })
  })

  test('where nothing was installed the verbs say so, and how to', async () => {
    const why = '/etc/lb-agent/agent.yaml is not there'
    const how =
      'lb-agent install --repo URL, or by hand (README, "Other ways to install"); where another agent.yaml is meant: --config FILE'
    for (const verb of ['status', 'sync', 'drain'])
      assert.deepEqual(await ran(node.one, 'lb-agent', verb), {
        code: 3,
        said: `lb-agent: not set up on this host: ${why}. To set it up: ${how}`,
      })
    assert.deepEqual(await ran(node.one, 'lb-agent', 'doctor'), {
      code: 1,
      said: `one: 1 problem, 0 cannot be told, 0 ok\n\nproblem  units, agent: lb-agent is not set up on this host: ${why}. Nothing else was looked at.\n  → ${how}`,
    })
  })

  // Killed after each of its steps: the backup, agent.yaml, the units, the start.
  for (const steps of [1, 2, 3, 4]) {
    test(`after step ${steps} of it was done and it was killed, the next run completes, and uninstall goes back`, async () => {
      const killed = `: >/tmp/said; ${INSTALL} >/tmp/said 2>&1 & while kill -0 $! 2>/dev/null && [ "$(grep -c "^ok " /tmp/said || true)" -lt ${steps} ]; do :; done; kill -9 $! ; wait $!; cat /tmp/said`
      const first = await ran(node.one, 'sh', '-c', killed)
      // A step more, where the next one was quicker than the kill.
      assert.ok((first.said.match(/^ok /gm)?.length ?? 0) >= steps, first.said)
      assert.doesNotMatch(first.said, /^done\. /m)
      const second = await ran(node.one, 'sh', '-c', INSTALL)
      assert.equal(second.code, 0, second.said)
      await serves()
      const third = await ran(node.one, 'sh', '-c', INSTALL)
      assert.match(third.said, /nothing to do: all of it is there, and the agent runs$/)
      const back = await uninstall('--yes')
      assert.equal(back.code, 0, back.said)
      assert.equal(await files(), before_)
    })
  }

  test('Ctrl-C among the steps ends it there, and the next run completes', async () => {
    const words = `: >/tmp/said; ${INSTALL} >/tmp/said 2>&1 & while ! grep -qs "^ok .*start lb-agent," /tmp/said; do :; done; kill -INT $!; wait $!; echo code $?; cat /tmp/said`
    // A shell lets its background processes ignore SIGINT.
    const { said } = await ran(node.one, 'bash', '-mc', words)
    assert.match(said, /^code 130$/m)
    assert.match(
      said,
      /^interrupted(?:: what stands above with ok is done, and stays;| during: .*\. Each step may be done again:) run it again to go on$/m,
    )
    const { code } = await ran(node.one, 'sh', '-c', INSTALL)
    assert.equal(code, 0)
    await serves()
  })

  test('uninstall shows first what it would do', async () => {
    const before = await traces(node.one)
    const shown = await uninstall('--dry-run')
    assert.equal(
      shown.said,
      `would:
  - stop lb-agent, and have it start at boot no longer; HAProxy and keepalived go on
  - stop keepalived, which had no file before install: the VIPs leave this node
  - put back /etc/haproxy/haproxy.cfg, remove /etc/keepalived/keepalived.conf
  - reload HAProxy
  - have keepalived start at boot no longer
  - remove /var/lib/lb-agent/before-install
  - forget what was applied (/var/lib/lb-agent/state.json)
nothing was changed`,
    )
    const { ok, todo, did } = JSON.parse((await uninstall('--dry-run', '--json')).said)
    assert.deepEqual([ok, todo.length, did], [true, 7, []])
    assert.equal(await traces(node.one), before)
  })

  test('uninstall of a node whose agent does not run goes back as well; a second one has nothing to do', async () => {
    await node.one.run('systemctl', 'stop', 'lb-agent')
    const { code, said } = await uninstall('--yes', '--json')
    const { ok, problems, after } = JSON.parse(said)
    assert.deepEqual([code, ok, problems], [0, true, []])
    assert.deepEqual(after, [
      'keepalived, which had no file before install, is stopped here',
      'agent.yaml and /var/lib/lb-agent stay, with the keys; apt-get purge lb-agent removes all of it',
    ])
    assert.equal(await files(), before_)
    const again = await uninstall('--yes')
    assert.deepEqual(again, {
      code: 0,
      said: 'nothing to do: lb-agent does not run here, and keeps nothing of the time before',
    })
  })

  test('after uninstall no verb advises to start the agent, and the doctor mends nothing', async () => {
    const before = await traces(node.one)
    const why =
      'lb-agent.service neither runs nor starts at boot, and nothing is applied, as lb-agent uninstall leaves it'
    const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups']
    for (const words of [
      ['lb-agent', 'status'],
      ['lb-agent', 'sync'],
      [...asNobody, 'lb-agent', 'status'],
    ])
      assert.deepEqual(await ran(node.one, ...words), {
        code: 3,
        said: `lb-agent: not set up on this host: ${why}. To set it up: lb-agent install`,
      })
    const problem = {
      ...{ family: 'units', about: 'agent', verdict: 'problem', fix: 'lb-agent install', mend: null },
      why: `lb-agent is not set up on this host: ${why}. Nothing else was looked at.`,
    }
    for (const [words, more] of [
      [['lb-agent', 'doctor', '--json'], {}],
      [[...asNobody, 'lb-agent', 'doctor', '--json'], {}],
      [['lb-agent', 'doctor', '--fix', '--json'], { steps: [], mended: [], interrupted: false }],
    ] as const) {
      const { code, said } = await ran(node.one, ...words)
      assert.deepEqual([code, JSON.parse(said)], [1, { format: 1, node: 'one', ok: false, checks: [problem], ...more }])
    }
    assert.equal(await traces(node.one), before)
    // One that was set up and is only stopped is to be started.
    await node.one.run('sh', '-c', INSTALL)
    await serves()
    await node.one.run('systemctl', 'disable', '--quiet', '--now', 'lb-agent')
    const { code, said } = await ran(node.one, 'lb-agent', 'status')
    assert.equal(code, 3)
    assert.match(said, /^lb-agent: no agent runs on this node .* Start it: systemctl start lb-agent /)
    const back = await uninstall('--yes')
    assert.equal(back.code, 0, back.said)
  })

  test('without a backup both daemons go on with the last release', async () => {
    await node.one.run('sh', '-c', INSTALL)
    await serves()
    await node.one.run('rm', '-r', '/var/lib/lb-agent/before-install')
    const { code, said } = await uninstall('--yes')
    assert.equal(code, 0)
    assert.match(
      said,
      /^nothing was kept of the time before lb-agent \(\/var\/lib\/lb-agent\/before-install\), so HAProxy/m,
    )
    assert.deepEqual(await node.lab.holdersOf(VIP), ['one'])
  })

  test('a backup that cannot be read is left alone, and so is all else', async () => {
    await node.one.run(
      'sh',
      '-c',
      'mkdir -p /var/lib/lb-agent/before-install; echo {} >/var/lib/lb-agent/before-install/manifest.json',
    )
    const unread = /^problem {2}\/var\/lib\/lb-agent\/before-install\/manifest\.json cannot be read: savedAtMs: /m
    for (const words of [['lb-agent', 'uninstall', '--yes'], INSTALL.split(' ')])
      await isRefused(node.one, words, { code: 1, lines: [unread] })
    await node.one.run('rm', '-r', '/var/lib/lb-agent/before-install')
  })

  test('a hand-written pair is found in an included file', async () => {
    await node.one.run('systemctl', 'stop', 'keepalived')
    await runByHand(node.one, 'one')
    await node.one.run(
      'sh',
      '-c',
      'cd /etc/keepalived && mkdir -p conf.d && mv keepalived.conf conf.d/api.conf && echo "include conf.d/*.conf" >keepalived.conf && sed -i "s|10.9.0.100/32|10.9.0.100/32\\n10.9.0.77/32|" conf.d/api.conf && systemctl restart keepalived',
    )
    await until('the old pair holds it', 20_000, async () => (await node.lab.holdersOf('10.9.0.77')).join() === 'one')
    await isRefused(node.one, INSTALL.split(' '), {
      code: 1,
      lines: [
        'problem  instance VI_1 (/etc/keepalived/conf.d/api.conf:12) has 10.9.0.77, which lb.yaml does not: it would be gone',
        '  → add it to lb.yaml (vips, or extraAddresses of one), or take it out of keepalived.conf first',
      ],
    })
  })
})
