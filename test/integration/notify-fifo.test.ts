import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import { withChildren } from '../../src/processes.ts'
import { type Cluster, nothingLost, settled, startCluster, statusOf, sync, VIP, verb } from '../support/cluster.ts'
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
  /** The VIP leaves node one for as long as a drain lasts, and the agent hears of both moves. */
  const isHeard = async (): Promise<void> => {
    const says = (state: string, holder: string) =>
      until(`the agent has heard of ${state}`, 20_000, async () => {
        const [holders, status] = await Promise.all([cluster.lab.holdersOf(VIP), one.status()])
        return holders.join() === holder && status?.vips[0]?.state === state
      })
    assert.equal((await verb(one, 'drain')).code, 0)
    await says('BACKUP', 'two')
    assert.equal((await verb(one, 'undrain')).code, 0)
    await says('MASTER', 'one')
  }
  /**
   * Where root lacks CAP_SYS_RESOURCE, the kernel kills keepalived's VRRP process (2.2.7, vrrp_rt_priority) at a reload, and
   * its parent starts it again after 0, 1, 2, 4 … s: what is done meanwhile it hears of late, and the address stays.
   */
  const reloaded = (): Promise<void> =>
    until('keepalived has the FIFO open that is in its place', 10_000, async () =>
      withChildren(one.pidOf('keepalived')).some((pid) => hasOpen(pid, fifo)),
    )

  for (const [what, put] of [
    ['a regular file', () => writeFileSync(fifo, 'not a FIFO\n')],
    ['a directory', () => mkdirSync(fifo)],
    ['a link', () => symlinkSync('/dev/null', fifo)],
    ['missing', () => undefined],
  ] as const) {
    test(`in whose place is ${what}: made anew, named in status, no VIP moves`, async () => {
      await cluster.client.mark()
      rmSync(fifo)
      put()
      await until('it is named', 5_000, async () => (await troubles()).join() === was(what))
      assert.ok(isMended())
      assert.equal((await statusOf(one)).headline.text, was(what))
      await nothingLost(cluster)
      assert.deepEqual(await cluster.lab.holdersOf(VIP), ['one'])
    })
  }

  test('that was replaced again and again misses no state, and is named until keepalived is reloaded', async () => {
    await isHeard()
    assert.deepEqual(await troubles(), [was('missing')])
    assert.equal((await sync(one, '--restore')).code, 0)
    await reloaded()
    await settled(cluster)
    assert.deepEqual(await troubles(), [])
  })

  test('a keepalived that was reloaded with a file in its place is still heard', async () => {
    rmSync(fifo)
    writeFileSync(fifo, '')
    reload()
    // Whether keepalived still met the file depends on which of both was faster; it must be heard either way.
    await until('it is a FIFO again', 5_000, async () => isMended())
    await isHeard()
    reload()
    await reloaded()
    await settled(cluster)
    assert.deepEqual(await troubles(), [])
  })

  test('a keepalived that has made one itself is heard, too', async () => {
    rmSync(fifo)
    reload()
    await until('there is one', 2_000, async () => isMended())
    await reloaded()
    await isHeard()
    await settled(cluster)
  })
})

function hasOpen(pid: number, path: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    const found = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })
    return found?.isFIFO() === true && found.ino === statSync(path).ino
  })
}
