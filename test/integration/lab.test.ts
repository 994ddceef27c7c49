import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace } from '../../src/drill/ip.ts'
import { createLab, LABS } from '../../src/drill/lab.ts'
import { clientOf, fromSource, labFor, remains, server, service, skip, smallSpec } from './lab-fixture.ts'

const ALPHA = { name: 'alpha', address: '10.9.1.1', port: 80 }

suite('lab', { skip, timeout: 60_000 }, () => {
  test('a client loses nothing while all is well, and sends at its rate', async (t) => {
    const lab = await labFor(t, smallSpec())
    const client = clientOf(lab, [ALPHA], 2)
    await client.mark()
    await sleep(2000)
    const { alpha } = await client.report()
    await client.close()
    assert.ok(alpha !== undefined)
    assert.deepEqual(
      { ...alpha, sent: 0, longestGapMs: 0, silentMs: 0, servers: Object.keys(alpha.servers) },
      {
        sent: 0,
        failed: 0,
        longestGapMs: 0,
        silentMs: 0,
        firstFailure: null,
        failures: {},
        servers: ['alpha'],
      },
    )
    // 1000 when the machine is idle.
    assert.ok(alpha.sent > 500 && alpha.sent < 1100, `sent ${alpha.sent}`)
    assert.ok(alpha.longestGapMs < 250, `gap ${alpha.longestGapMs}`)
  })

  test('a report comes as soon as the last attempt is settled', async (t) => {
    const lab = await labFor(t, smallSpec())
    const client = clientOf(lab, [ALPHA], 4)
    await client.mark()
    await sleep(300)
    const asked = performance.now()
    await client.report()
    const tookMs = performance.now() - asked
    await client.close()
    assert.ok(tookMs < 500, `took ${tookMs} ms`)
  })

  test('a server that stops is refused and its absence measured, and answers again after a start', async (t) => {
    const lab = await labFor(t, smallSpec())
    const client = clientOf(lab, [ALPHA], 4)
    await client.mark()
    await sleep(300)
    await lab.stopServer('alpha')
    await sleep(700)
    const { alpha } = await client.report()
    assert.ok(alpha !== undefined && alpha.failed > 50 && alpha.sent > alpha.failed, JSON.stringify(alpha))
    assert.deepEqual([alpha.firstFailure !== null, Object.keys(alpha.failures).includes('ECONNREFUSED')], [true, true])
    assert.ok(alpha.longestGapMs > 500 && alpha.longestGapMs < 2000, `gap ${alpha.longestGapMs}`)
    await lab.startServer('alpha')
    await client.mark()
    await sleep(300)
    const again = (await client.report())['alpha']
    await client.close()
    assert.deepEqual([again?.failed, (again?.sent ?? 0) > 0], [0, true])
  })

  test('a node that is cut off cannot be reached until it is healed, and leaves no half-open connection', async (t) => {
    const lab = await labFor(t, smallSpec())
    const ping = (node: string, timeoutMs = 10_000) =>
      inNamespace(
        lab.network.namespace('.client'),
        ['bash', '--norc', '-c', `(exec 3<>/dev/tcp/${node}/9) 2>&1; true`],
        timeoutMs,
      )
    assert.match(await ping('192.168.77.2'), /refused/)
    await lab.network.cut('two')
    await assert.rejects(ping('192.168.77.2', 2000), /no end within 2000 ms/)
    assert.match(await ping('10.9.0.1'), /refused/)
    await lab.network.heal('two')
    assert.match(await ping('192.168.77.2'), /refused/)

    const client = clientOf(lab, [ALPHA], 4)
    await lab.network.cut('alpha')
    await client.mark()
    await sleep(3000)
    const { alpha } = await client.report()
    assert.ok(alpha !== undefined && alpha.failed === alpha.sent && alpha.failed > 300, JSON.stringify(alpha))
    assert.equal(alpha.firstFailure, 'no answer within 1 s')
    // What is still within its deadline: 250, and not the 1000 of four seconds.
    const pending = await inNamespace(lab.network.namespace('.client'), ['ss', '-Htn', 'state', 'syn-sent'])
    assert.ok(pending.trim().split('\n').length < 400, pending.slice(0, 300))
    await client.close()
  })

  test('closing leaves nothing, also twice at once, and the machine keeps its links', async () => {
    const links = readdirSync('/sys/class/net')
    const lab = await createLab(smallSpec(), undefined, fromSource)
    assert.deepEqual(readdirSync('/sys/class/net'), links)
    assert.ok((await remains(lab.id)).length > 5)
    const startedAt = performance.now()
    await Promise.all([lab.close(), lab.close()])
    assert.ok(performance.now() - startedAt < 3000)
    await lab.close()
    assert.deepEqual(await remains(lab.id), [])
    assert.deepEqual(readdirSync('/sys/class/net'), links)
  })

  test('closing takes along what others started inside, and what ignores SIGTERM', async () => {
    const lab = await createLab(smallSpec(), undefined, fromSource)
    await inNamespace(lab.network.namespace('one'), [
      'bash',
      '--norc',
      '-c',
      `trap "" TERM; setsid sleep 300 ${''}>/dev/null 2>&1 </dev/null &`,
    ])
    await lab.close()
    assert.deepEqual(await remains(lab.id), [])
  })

  test('two labs of the same spec do not meet', async (t) => {
    const [left, right] = await Promise.all([labFor(t, smallSpec()), labFor(t, smallSpec())])
    const client = clientOf(left, [ALPHA], 4)
    await client.mark()
    await right.close()
    await sleep(300)
    const { alpha } = await client.report()
    await client.close()
    assert.deepEqual([alpha?.failed, (alpha?.sent ?? 0) > 0], [0, true])
    assert.deepEqual(await remains(right.id), [])
    assert.notDeepEqual(await remains(left.id), [])
  })

  for (const afterMs of [0, 30, 100, 200, 300, 400, 600, 800]) {
    test(`a creation that is aborted after ${afterMs} ms leaves nothing`, async () => {
      const ending = new AbortController()
      const before = listLabs()
      const creating = createLab(smallSpec(), ending.signal, fromSource)
      const mine = listLabs().filter((id) => !before.includes(id))
      setTimeout(() => ending.abort(new Error('enough')), afterMs)
      const outcome = await creating.then(
        async (lab) => lab.close().then(() => 'built'),
        (error: Error) => error.message,
      )
      assert.ok(outcome === 'built' || outcome === 'enough', outcome)
      for (const id of mine) assert.deepEqual(await remains(id), [])
    })
  }

  test('names that occur twice become machines of their own', async (t) => {
    const lab = await labFor(
      t,
      smallSpec({
        pools: [
          { name: 'web', servers: [server('alpha', '10.9.1.1'), server('one', '10.9.1.2')] },
          { name: 'api', servers: [server('alpha', '10.9.1.3'), server('other', '10.9.1.1')] },
        ],
        services: [service('web', 80, 'web'), service('api', 6443, 'api')],
      }),
    )
    const targets = [
      ALPHA,
      { name: 'api', address: '10.9.1.3', port: 6443 },
      { name: 'shared', address: '10.9.1.1', port: 6443 },
      { name: 'one', address: '10.9.1.2', port: 80 },
    ]
    const client = clientOf(lab, targets, 10)
    await client.mark()
    await sleep(400)
    const windows = await client.report()
    await client.close()
    assert.deepEqual(
      Object.fromEntries(Object.entries(windows).map(([name, { failed, sent }]) => [name, failed === 0 && sent > 0])),
      {
        alpha: true,
        api: true,
        shared: true,
        one: true,
      },
    )
  })

  test('an IPv6 cluster is reached at once', async (t) => {
    const lab = await labFor(
      t,
      smallSpec({
        nodes: [
          { name: 'one', address: 'fd00::1', interface: 'eth0' },
          { name: 'two', address: 'fd00::2', interface: 'eth0' },
        ],
        vips: [
          {
            name: 'v',
            address: 'fd00::100',
            prefixLength: 128,
            virtualRouterId: 7,
            prefer: ['one', 'two'],
            extraAddresses: [],
            requireHealthyOnce: false,
          },
        ],
        pools: [{ name: 'web', servers: [server('alpha', 'fd00:0:0:1::1')] }],
      }),
    )
    const client = clientOf(lab, [{ name: 'alpha', address: 'fd00:0:0:1::1', port: 80 }], 4)
    await client.mark()
    await sleep(400)
    const { alpha } = await client.report()
    await client.close()
    assert.deepEqual([alpha?.failed, (alpha?.sent ?? 0) > 0], [0, true])
  })
})

function listLabs(): string[] {
  try {
    return readdirSync(LABS)
  } catch {
    return []
  }
}
