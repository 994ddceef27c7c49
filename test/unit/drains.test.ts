import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { createDrains } from '../../src/health/drains.ts'

suite('drains', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-drains-'))
  after(() => rmSync(directory, { recursive: true }))
  const raised = new Map<string, string>()
  const troubles = {
    raise: (key: string, text: string) => void raised.set(key, text),
    clear: (key: string) => void raised.delete(key),
  }
  const create = (file: string) => createDrains(file, { now: Date.now, onEnd: () => undefined, troubles })

  test('one that was begun is there for the next agent, without a word when there was none', async () => {
    const file = join(directory, 'good.json')
    assert.deepEqual(create(file).all(), [])
    await create(file).add('api', { forMs: undefined, forStop: false })
    assert.equal(create(file).of('api')?.vip, 'api')
    assert.equal(create(file).of('ingress'), undefined)
    assert.deepEqual([...raised], [])
  })

  test('a file that is damaged drains nothing, and is told until somebody says what is meant', async () => {
    for (const [content, why] of [
      ['[{', /cannot be read: .*JSON.*; whether this node was drained is not known, so it takes part: lb-agent drain/],
      ['[{"vip":"api"}]', /cannot be read: 0.since: .+; /],
    ] as const) {
      const file = join(directory, 'damaged.json')
      writeFileSync(file, content)
      const drains = create(file)
      assert.deepEqual(drains.all(), [])
      assert.match(raised.get('drains') ?? '', why)
      await drains.remove(undefined)
      assert.deepEqual([...raised], [])
    }
  })
})
