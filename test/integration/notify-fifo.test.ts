import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { type Cluster, nothingLost, settled, startCluster, statusOf, sync, VIP } from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('the FIFO of keepalived', { skip: missingForDaemons(), timeout: 180_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let fifo: string
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
    fifo = join(one.directory, 'run', 'vrrp', 'notify.fifo')
  })
  after(() => cluster?.close())

  const troubles = async (): Promise<string[]> => (await statusOf(one)).troubles.map(({ text }) => text)
  const isMended = (): boolean => lstatSync(fifo, { throwIfNoEntry: false })?.isFIFO() === true
  const reload = (): void => {
    process.kill(one.pidOf('keepalived'), 'SIGHUP')
  }
  const was = (what: string): string =>
    `${fifo}, where keepalived tells its states, was ${what} and is a FIFO again; states may come late or be missed until keepalived’s next reload (lb-agent sync --restore reloads it)`
  /** The VIP leaves node one and comes back, and the agent hears of all of it. */
  const isHeard = async (): Promise<void> => {
    const since = (await statusOf(one)).vips[0]?.sinceMs ?? 0
    const master = Number(one.pidOf('haproxy'))
    for (const pid of [master, ...childrenOf(master)]) process.kill(pid, 'SIGKILL')
    await until('two holds the VIP', 10_000, async () => (await cluster.lab.holdersOf(VIP)).join() === 'two')
    await until('the agent has heard of its return', 20_000, async () => {
      const vip = (await one.status())?.vips[0]
      return vip?.state === 'MASTER' && (vip.sinceMs ?? 0) > since && vip.held
    })
  }

  for (const [what, put] of [
    ['a regular file', () => writeFileSync(fifo, 'not a FIFO\n')],
    ['a directory', () => mkdirSync(fifo)],
    ['missing', () => undefined],
  ] as const) {
    test(`in whose place is ${what}: made anew, named in status, no state is missed, no VIP moves`, async () => {
      await cluster.client.mark()
      rmSync(fifo)
      put()
      await until('it is a FIFO again', 5_000, async () => isMended() && (await troubles()).length > 0)
      assert.deepEqual(await troubles(), [was(what)])
      assert.equal((await statusOf(one)).headline.text, was(what))
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
      await nothingLost(cluster)
      await isHeard()
      assert.deepEqual(await troubles(), [was(what)])
      assert.equal((await sync(one, '--restore')).code, 0)
      await settled(cluster)
      await isHeard()
      await settled(cluster)
    })
  }

  test('a keepalived that was reloaded with a file in its place is still heard', async () => {
    rmSync(fifo)
    writeFileSync(fifo, '')
    reload()
    await until('it is a FIFO again', 5_000, async () => isMended() && (await troubles()).length > 0)
    assert.deepEqual(await troubles(), [was('a regular file')])
    await isHeard()
    reload()
    await settled(cluster)
    await isHeard()
  })

  test('a keepalived that has made one itself is heard, too', async () => {
    await settled(cluster)
    rmSync(fifo)
    reload()
    await until('keepalived has made one', 2_000, async () => isMended())
    await isHeard()
    await settled(cluster)
  })
})

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}
