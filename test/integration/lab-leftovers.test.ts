import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ipBatch } from '../../src/drill/ip.ts'
import { createLab, LABS, removeLeftovers } from '../../src/drill/lab.ts'
import { fromSource, remains, skip, smallSpec } from './lab-fixture.ts'

suite('leftovers', { skip, timeout: 30_000 }, () => {
  test('a lab whose drill is dead is removed, processes and all', async () => {
    const id = await leftover('999999999\n')
    assert.ok((await removeLeftovers()).includes(id))
    assert.deepEqual(await remains(id), [])
  })

  test('a lab whose drill is dead is removed although another process has its pid now', async () => {
    const id = await leftover(`${process.pid}\n`, '1')
    assert.ok((await removeLeftovers()).includes(id))
    assert.deepEqual(await remains(id), [])
  })

  test('a lab that is just being made by another drill stays', async () => {
    const id = await leftover(undefined)
    assert.ok(!(await removeLeftovers()).includes(id))
    assert.ok(existsSync(join(LABS, id)))
    utimesSync(join(LABS, id), new Date(0), new Date(0))
    assert.ok((await removeLeftovers()).includes(id))
    assert.deepEqual(await remains(id), [])
  })

  test('a lab of an earlier build, which wrote a pid alone, stays while that lives', async () => {
    const id = await leftover(`${process.pid}\n`)
    assert.ok(!(await removeLeftovers()).includes(id))
    writeFileSync(join(LABS, id, 'owner'), '999999999\n')
    assert.ok((await removeLeftovers()).includes(id))
  })

  test('a lab in use stays', async (t) => {
    const lab = await createLab(smallSpec(), undefined, fromSource)
    t.after(() => lab.close())
    assert.equal(readFileSync(join(LABS, lab.id, 'owner'), 'utf8'), `${process.pid}\n`)
    assert.ok(!(await removeLeftovers()).includes(lab.id))
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
