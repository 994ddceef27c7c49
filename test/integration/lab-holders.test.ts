import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { followHolders, type Holders } from '../../src/drill/holders.ts'
import { ipBatch } from '../../src/drill/ip.ts'
import type { Lab } from '../../src/drill/lab.ts'
import { labFor, remains, skip, smallSpec } from './lab-fixture.ts'

const VIP = '10.9.0.100'
const VIP6 = 'fd00::100'

suite('who holds a VIP', { skip, timeout: 30_000 }, () => {
  test('what a node held before is known, and every change after', async (t) => {
    const lab = await labFor(t, smallSpec())
    await give(lab, 'one', VIP)
    const holders = await follow(t, lab)
    assert.deepEqual([holders.now(VIP), holders.now('10.9.0.1')], [['one'], ['one']])
    const fromMs = Date.now()
    await sleep(50)
    await give(lab, 'two', VIP)
    await sleep(50)
    await take(lab, 'one', VIP)
    await sleep(100)
    const seen = holders.summarize(VIP, fromMs, Date.now())
    assert.deepEqual(
      [holders.now(VIP), seen.moves, seen.nobodyMs, seen.holders.map(({ node }) => node)],
      [['two'], 1, 0, ['one', 'two']],
    )
    assert.ok(seen.togetherMs > 40 && seen.togetherMs < 1000, JSON.stringify(seen))
  })

  test('an address of a millisecond is seen, and one of IPv6', async (t) => {
    const lab = await labFor(t, smallSpec())
    const holders = await follow(t, lab)
    const fromMs = Date.now()
    const link = interfaceOf('two')
    const batch = (command: string) => ipBatch(lab.network.namespace('two'), command.split('; '))
    await batch(`address add ${VIP}/32 dev ${link}; address del ${VIP}/32 dev ${link}`)
    await batch(`address add ${VIP6}/128 dev ${link} nodad`)
    await sleep(50)
    await batch(`address del ${VIP6}/128 dev ${link}`)
    await sleep(100)
    for (const address of [VIP, VIP6]) {
      const { moves, holders: held } = holders.summarize(address, fromMs, Date.now())
      assert.deepEqual([moves, held.map(({ node }) => node), holders.now(address)], [1, ['two'], []])
    }
  })

  test('a node that is cut off is followed on, and what it keeps is told apart', async (t) => {
    const lab = await labFor(t, smallSpec())
    await give(lab, 'one', VIP)
    const holders = await follow(t, lab)
    const fromMs = Date.now()
    await lab.network.cut('one')
    await sleep(50)
    await give(lab, 'two', VIP)
    await sleep(50)
    await take(lab, 'one', VIP)
    await sleep(50)
    const seen = holders.summarize(VIP, fromMs, Date.now())
    assert.deepEqual([holders.now(VIP), seen.moves, seen.togetherMs], [['two'], 1, 0])
    assert.ok(seen.nobodyMs > 40 && seen.togetherWithCutMs > 40, JSON.stringify(seen))
    await lab.network.heal('one')
  })

  test('nothing follows a lab that is closed', async (t) => {
    const lab = await labFor(t, smallSpec())
    const holders = await follow(t, lab)
    await lab.close()
    assert.deepEqual(await remains(lab.id), [])
    assert.throws(() => holders.now(VIP), /the addresses of one are no longer followed: ip monitor ended/)
  })
})

async function follow(t: TestContext, lab: Lab): Promise<Holders> {
  const holders = await followHolders(lab.network, ['one', 'two'])
  t.after(() => holders.close())
  return holders
}

function interfaceOf(node: string): string {
  return smallSpec().nodes.find(({ name }) => name === node)?.interface ?? ''
}

async function give(lab: Lab, node: string, address: string): Promise<void> {
  await ipBatch(lab.network.namespace(node), [`address add ${address}/32 dev ${interfaceOf(node)}`])
}

async function take(lab: Lab, node: string, address: string): Promise<void> {
  await ipBatch(lab.network.namespace(node), [`address del ${address}/32 dev ${interfaceOf(node)}`])
}
