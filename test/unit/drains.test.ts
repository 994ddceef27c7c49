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

  test('two that begin at once both begin, and one of a stop outlives an undrain that was under way', async () => {
    const file = join(directory, 'together.json')
    const drains = create(file)
    const lasting = { forMs: undefined, forStop: false }
    await Promise.all([drains.add('api', lasting), drains.add('ingress', lasting)])
    assert.deepEqual(
      [drains.all(), create(file).all()].map((all) => all.map(({ vip }) => vip)),
      [
        ['api', 'ingress'],
        ['api', 'ingress'],
      ],
    )
    const [ended] = await Promise.all([
      drains.remove('api'),
      drains.add(undefined, { forMs: undefined, forStop: true }),
      drains.add('dns', lasting),
    ])
    assert.deepEqual(
      ended.map(({ vip }) => vip),
      ['api'],
    )
    assert.deepEqual(
      drains.all().map(({ vip, forStop }) => [vip, forStop]),
      [
        ['ingress', false],
        [undefined, true],
        ['dns', false],
      ],
    )
    assert.deepEqual(
      create(file)
        .all()
        .map(({ vip }) => vip),
      ['ingress', 'dns'],
    )
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
