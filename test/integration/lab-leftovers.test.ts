import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ipBatch } from '../../src/drill/ip.ts'
import { createLab, LABS, removeLeftovers } from '../../src/drill/lab.ts'
import { fromSource, remains, skip, smallSpec } from './lab-fixture.ts'

suite('leftovers', { skip, timeout: 30_000 }, () => {
  test('a lab whose drill is dead is removed, processes and all', async () => {
    const id = await leftover('999999999\n')
    assert.ok((await removeLeftovers()).removed.includes(id))
    assert.deepEqual(await remains(id), [])
  })

  test('a lab whose drill is dead is removed although another process has its pid now', async () => {
    const id = await leftover(`${process.pid}\n`, '1')
    assert.ok((await removeLeftovers()).removed.includes(id))
    assert.deepEqual(await remains(id), [])
  })

  test('a lab that is just being made by another drill stays', async () => {
    const id = await leftover(undefined)
    assert.ok(!(await removeLeftovers()).removed.includes(id))
    assert.ok(existsSync(join(LABS, id)))
    utimesSync(join(LABS, id), new Date(0), new Date(0))
    assert.ok((await removeLeftovers()).removed.includes(id))
    assert.deepEqual(await remains(id), [])
  })

  test('a lab of an earlier build, which wrote a pid alone, stays while that lives', async () => {
    const id = await leftover(`${process.pid}\n`)
    assert.ok(!(await removeLeftovers()).removed.includes(id))
    writeFileSync(join(LABS, id, 'owner'), '999999999\n')
    assert.ok((await removeLeftovers()).removed.includes(id))
  })

  test('what is mounted below a lab is unmounted, and nothing is removed through a mount', async () => {
    const [id, foreign] = [await leftover('999999999\n'), mkdtempSync('/tmp/lb-leftover-')]
    writeFileSync(join(foreign, 'kept'), '')
    const [root, inner] = [join(LABS, id, 'machines/a root'), join(LABS, id, 'machines/a root/inner')]
    mkdirSync(root, { recursive: true })
    mkdirSync(join(foreign, 'inner'))
    execFileSync('mount', ['--bind', foreign, root])
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', inner])
    assert.ok((await removeLeftovers()).removed.includes(id))
    assert.deepEqual(await remains(id), [])
    assert.deepEqual(readdirSync(foreign).toSorted(), ['inner', 'kept'])
    rmSync(foreign, { recursive: true })
  })

  test('a lab that cannot be removed is told, and keeps no other one', async () => {
    const [busy, other] = [await leftover('999999999\n'), await leftover('999999999\n')]
    const root = join(LABS, busy, 'root')
    mkdirSync(root)
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', root])
    const held = openSync(join(root, 'file'), 'w')
    const { removed, remaining } = await removeLeftovers()
    assert.ok(removed.includes(other) && !removed.includes(busy))
    assert.match(remaining.join(), new RegExp(`^${LABS}/${busy}, of a drill that is dead, .*umount ${root}: .*busy`))
    closeSync(held)
    assert.ok((await removeLeftovers()).removed.includes(busy))
  })

  test('a lab in use stays', async (t) => {
    const lab = await createLab(smallSpec(), undefined, fromSource)
    t.after(() => lab.close())
    assert.equal(readFileSync(join(LABS, lab.id, 'owner'), 'utf8'), `${process.pid}\n`)
    assert.ok(!(await removeLeftovers()).removed.includes(lab.id))
    assert.ok((await remains(lab.id)).length > 5)
  })
})

/** What a killed drill leaves: its directory and a namespace. */
async function leftover(owner: string | undefined, started?: string): Promise<string> {
  const id = `t${Math.random().toString(16).slice(2, 8)}`
  mkdirSync(join(LABS, id), { recursive: true })
  if (owner !== undefined) writeFileSync(join(LABS, id, 'owner'), owner)
  if (started !== undefined) writeFileSync(join(LABS, id, 'owner-started'), started)
  await ipBatch(undefined, [`netns add lb-${id}-one`])
  return id
}
