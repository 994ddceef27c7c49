import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createDrains } from '../../src/health/drains.ts'
import { createMemory } from '../../src/health/memory.ts'
import { createScores } from '../../src/health/scores.ts'
import { createTrackFiles } from '../../src/health/track-files.ts'
import type { Expectation } from '../../src/render/expectation.ts'

const directory = mkdtempSync(join(tmpdir(), 'lb-agent-unheard-'))
after(() => rmSync(directory, { recursive: true }))

const EXPECTATION: Expectation = {
  cluster: 'test',
  healthPort: 8405,
  haproxyMetrics: 'builtin',
  advertIntervalMs: 100,
  failbackMs: 0,
  dampingMs: 0,
  peers: [],
  services: [],
  vips: [
    {
      name: 'v',
      address: '10.0.0.9',
      virtualRouterId: 7,
      basePriority: 154,
      interface: 'eth0',
      prefer: ['one', 'two'],
      requireHealthyOnce: false,
      prefixLength: 32,
      extraAddresses: [],
    },
  ],
}

test('a VIP that is held here, and of which keepalived says nothing, is asked for by a change of the score by one, ten times', () => {
  const trackFiles = createTrackFiles(directory)
  const troubles = { raise: () => undefined, clear: () => undefined }
  const changes: number[] = []
  let heard = false
  const scores = createScores({
    trackFiles,
    memory: createMemory({ runtime: join(directory, 'health.json'), state: join(directory, 'once.json') }),
    drains: createDrains(join(directory, 'drains.json'), { now: () => 0, onEnd: () => undefined, troubles }),
    takeover: { waiting: () => [] },
    holding: () => () => true,
    isHeard: () => heard,
    onChange: ({ score }) => changes.push(score),
  })
  scores.expect(EXPECTATION)
  const written = Array.from({ length: 24 }, () => {
    scores.update()
    return trackFiles.readScore('v')
  })
  assert.deepEqual(written, [...Array.from({ length: 10 }, () => [99, 100]).flat(), 100, 100, 100, 100])
  assert.deepEqual(scores.all()[0]?.score, 100)
  assert.deepEqual(changes, [100], 'an asking is no change')
  heard = true
  scores.update()
  heard = false
  scores.update()
  assert.equal(trackFiles.readScore('v'), 99, 'another keepalived is asked anew')
})
