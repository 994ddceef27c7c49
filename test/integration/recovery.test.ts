import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type LabAgent, until } from '../../src/drill/lab-agents.ts'
import {
  type Cluster,
  killAgent,
  liveFile,
  livePair,
  loadedRelease,
  mainProcesses,
  nothingLost,
  onePort,
  releaseOf,
  settled,
  specText,
  startCluster,
  statusOf,
  storedPair,
  sync,
} from '../support/cluster.ts'
import { missingForDaemons } from '../support/requirements.ts'

suite('an interrupted apply', { skip: missingForDaemons(), timeout: 120_000 }, () => {
  let cluster: Cluster
  let one: LabAgent
  let serial = 0
  before(async () => {
    cluster = await startCluster()
    one = cluster.one
  })
  after(() => cluster.close())

  /** Kills the agent and leaves what one does that dies between its two renames: haproxy.cfg is `newer`'s, the rest `older`'s. */
  const interrupt = async (attempts = 1): Promise<{ older: string; newer: string; revision: string }> => {
    const older = releaseOf(await statusOf(one))
    serial += 1
    const text = specText({ services: onePort(1000 + serial) })
    const revision = cluster.repository.commit(
      { 'lb.yaml': text.replace('prefer: [one, two]', `prefer: [one, two], extraAddresses: [10.9.7.${serial}]`) },
      `Change ${serial}`,
    )
    for (const agent of cluster.agents) assert.equal((await sync(agent)).code, 0)
    await settled(cluster)
    const newer = releaseOf(await statusOf(one))
    await killAgent(one)
    const record = JSON.parse(readFileSync(recordOf(older), 'utf8'))
    const state = JSON.parse(readFileSync(join(one.directory, 'state/state.json'), 'utf8'))
    const applied = { ...state.applied, release: older, revision: record.revision }
    writeFileSync(join(one.directory, 'state/state.json'), JSON.stringify({ ...state, applied }))
    writeFileSync(liveFile(one, 'keepalived'), storedPair(one, older).keepalived)
    const journal = { from: older, to: newer, revision, startedAtMs: Date.now(), attempts }
    writeFileSync(join(one.directory, 'state/journal.json'), JSON.stringify(journal))
    return { older, newer, revision }
  }
  const recordOf = (release: string): string => join(one.directory, 'state/releases', release, 'release.json')
  const journal = (): unknown => JSON.parse(readFileSync(join(one.directory, 'state/journal.json'), 'utf8'))
  const trouble = async (): Promise<string | undefined> =>
    (await statusOf(one)).troubles.find(({ key }) => key === 'recovery')?.text
  const textOf = (revision: string, reason: string): string =>
    `an apply of ${revision.slice(0, 12)} was interrupted, and ${reason}: it can be neither finished nor undone. HAProxy and keepalived go on with what they have read; ${liveFile(one, 'haproxy')} and ${liveFile(one, 'keepalived')} are left as they are, and may be of two releases: restart neither daemon. The next commit that is applied mends it (lb-agent sync; if its revision was rejected, lb-agent sync --retry)`

  test('stops no daemon and takes no file away when the release that was live before is damaged; the next pass mends it', async () => {
    const { older, newer, revision } = await interrupt()
    writeFileSync(recordOf(older), '')
    const show = cluster.repository.hide()
    const [pair, left, daemons] = [livePair(one), journal(), await mainProcesses(cluster, 'one')]
    await cluster.client.mark()
    one.start()
    await until('the agent says so', 15_000, async () => (await trouble()) !== undefined)
    assert.equal(
      await trouble(),
      textOf(revision, `release ${older} is missing or damaged (${join(one.directory, 'state/releases', older)})`),
    )
    assert.deepEqual(livePair(one), pair)
    assert.deepEqual(journal(), left)
    assert.deepEqual(await mainProcesses(cluster, 'one'), daemons)
    assert.equal((await statusOf(one)).gate.reason, 'HAProxy answers')

    show()
    assert.equal((await sync(one)).code, 0)
    await settled(cluster)
    assert.equal(releaseOf(await statusOf(one)), newer)
    assert.deepEqual(livePair(one), storedPair(one, newer))
    assert.deepEqual([journal(), await trouble()], [null, undefined])
    await nothingLost(cluster)
  })

  test('does not undo what may be whole and cannot be read now; the next agent that can finishes it', async () => {
    const { newer, revision } = await interrupt()
    const record = recordOf(newer)
    // A directory gives EISDIR, as a disk would give EIO.
    renameSync(record, `${record}.kept`)
    mkdirSync(record)
    const show = cluster.repository.hide()
    const [pair, left, daemons] = [livePair(one), journal(), await mainProcesses(cluster, 'one')]
    await cluster.client.mark()
    one.start()
    await until('the agent says so', 15_000, async () => (await trouble()) !== undefined)
    assert.equal(
      await trouble(),
      textOf(
        revision,
        `release ${newer} in ${join(one.directory, 'state/releases')} cannot be read: EISDIR: illegal operation on a directory, read`,
      ),
    )
    assert.deepEqual(livePair(one), pair)
    assert.deepEqual(journal(), left)
    assert.deepEqual(await mainProcesses(cluster, 'one'), daemons)
    assert.deepEqual((await statusOf(one)).rejected, [])

    await killAgent(one)
    rmSync(record, { recursive: true })
    renameSync(`${record}.kept`, record)
    one.start()
    await until('the apply is finished', 15_000, async () => journal() === null)
    assert.equal(releaseOf(await statusOf(one)), newer)
    assert.equal(await loadedRelease(one), newer)
    assert.deepEqual(livePair(one), storedPair(one, newer))
    show()
    assert.equal((await sync(one)).code, 0)
    await settled(cluster)
    await nothingLost(cluster)
  })

  test('that is undone rejects what killed two agents, and not what it goes back to when that is interrupted too', async () => {
    const { older, revision } = await interrupt(2)
    await cluster.client.mark()
    one.start()
    await until('it goes back', 15_000, async () => (journal() as { to: string } | null)?.to === older)
    await killAgent(one, 'SIGTERM')
    assert.deepEqual((journal() as { from: string; to: string } | null)?.to, older)
    one.start()
    await until('it has gone back', 15_000, async () => journal() === null)
    const status = await statusOf(one)
    assert.equal(releaseOf(status), older)
    assert.equal(await loadedRelease(one), older)
    assert.deepEqual(
      status.rejected.map((entry) => [entry.revision, entry.stage, entry.reason]),
      [[revision, 'activate', '2 agents died while they applied it']],
    )
    assert.equal((await sync(one, '--retry')).code, 0)
    await settled(cluster)
    await nothingLost(cluster)
  })
})
