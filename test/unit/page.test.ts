import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { changesOf } from '../../src/changes.ts'
import { clusterOf, type NodeView } from '../../src/cluster.ts'
import { drawingOf } from '../../src/page/drawing.ts'
import { layoutOf, shapeFor } from '../../src/page/layout.ts'
import { noticesOf } from '../../src/page/notices.ts'
import type { Seen, SeenService } from '../../src/page/seen.ts'
import { unheard } from '../../src/page/unheard.ts'
import type { PassRecord } from '../../src/pass-record.ts'
import type { Status } from '../../src/status.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'

const VIPS = ['api', 'web']

function node(name: string, held: readonly string[], text = 'all is well'): NodeView {
  const vips = VIPS.map((vip, at) => ({
    ...{ name: vip, address: `10.0.0.${at + 1}`, score: 100 },
    state: held.includes(vip) ? 'MASTER' : 'BACKUP',
    held: held.includes(vip),
  }))
  const well = text === 'all is well'
  const runs = { release: 'abc-1', revision: 'abc', desired: 'abc', suspended: null }
  return { name, kind: 'answers', well, text, advice: null, ...runs, vips, services: [] }
}

const silent = (name: string): NodeView => ({ name, kind: 'silent', reason: 'nobody listens on port 9853' })

/** `ups`: for each server whether it is up; null while HAProxy cannot be asked. */
function service(name: string, vip: string, ups: readonly boolean[] | null): SeenService {
  const servers = (ups ?? []).map((up, at) => ({
    ...{ name: `s${at}`, status: up ? 'UP' : 'DOWN', up, lastCheck: up ? 'L4OK' : 'L4CON' },
  }))
  const up = ups === null ? null : ups.filter(Boolean).length
  return { name, vip, address: '10.0.0.1', port: 80, up, total: servers.length, minimum: 1, servers, by: 'one' }
}

function seenOf(nodes: readonly NodeView[], services: readonly SeenService[]): Seen {
  const [first] = nodes
  // Of its own status the page's words need no more than this.
  const own = { node: first?.name ?? '', troubles: [], drains: [], suspended: null, services: [], peers: [], atMs: 0 }
  const said = first?.kind === 'answers' ? first : undefined
  const status = {
    ...own,
    headline: { well: said?.well ?? false, text: said?.text ?? '' },
    applied: { release: 'abc-1', revision: 'abc', atMs: 0 },
    vips: said?.vips ?? [],
  } as unknown as Status
  return { own: status, cluster: clusterOf(status, nodes.slice(1)), services, told: [], changes: [] }
}

suite('the picture', () => {
  test('says in words who holds what, and shows it by signs as well', () => {
    const seen = seenOf([node('one', ['api']), node('two', ['web'])], [service('k8s', 'api', [true, false])])
    const { boxes, words } = drawingOf(seen, 'map')
    assert.equal(words, 'VIP api is on one. VIP web is on two. Service k8s: 1 of 2 up.')
    assert.deepEqual(
      boxes.map(({ title, detail, mood }) => `${title}: ${detail} (${mood})`),
      [
        'clients:  (plain)',
        'api: 10.0.0.1 (good)',
        'web: 10.0.0.2 (good)',
        'one: 1 MASTER, 1 BACKUP (good)',
        'two: 1 MASTER, 1 BACKUP (good)',
        'k8s: 1 of 2 up · port 80 (weak)',
        's0: UP (good)',
        's1: DOWN (bad)',
      ],
    )
  })

  test('a VIP on two nodes is DUPLICATE; one on none is UNKNOWN while somebody is silent', () => {
    const twice = drawingOf(seenOf([node('one', ['api', 'web']), node('two', ['api'])], []), 'map')
    assert.equal(twice.boxes.find(({ title }) => title === 'api')?.detail, 'DUPLICATE · 10.0.0.1')
    assert.equal(twice.boxes.find(({ title }) => title === 'api')?.mood, 'bad')
    const nowhere = drawingOf(seenOf([node('one', ['web']), silent('two')], []), 'map')
    assert.equal(nowhere.words, 'VIP api: holder UNKNOWN. VIP web is on one. two is UNKNOWN.')
  })

  test('of many servers those that are down have a box each, and those that are up share one', () => {
    const ups = Array.from({ length: 100 }, (_, at) => at % 50 !== 0)
    const { boxes } = drawingOf(seenOf([node('one', VIPS)], [service('k8s', 'api', ups)]), 'map')
    const servers = boxes.filter(({ column }) => column === 4).map(({ title, detail }) => `${title} ${detail}`)
    assert.deepEqual(servers, ['s0 DOWN', 's50 DOWN', '98 servers UP'])
    const allDown = drawingOf(seenOf([node('one', VIPS)], [service('k8s', 'api', ups.fill(false))]), 'tree')
    assert.deepEqual(allDown.boxes.filter(({ column }) => column === 4).at(-1)?.title, '97 more')
  })

  test('whatever it shows, each box is within its width and none lies over another', () => {
    const nodes = fc.array(fc.oneof(fc.constant(undefined), fc.subarray(VIPS)), { maxLength: 4 })
    const services = fc.array(fc.tuple(fc.constantFrom(...VIPS), fc.array(fc.boolean(), { maxLength: 12 })), {
      maxLength: 5,
    })
    fc.assert(
      fc.property(nodes, services, fc.integer({ min: 320, max: 1400 }), (others, used, width) => {
        const views = others.map((held, at) => (held === undefined ? silent(`n${at}`) : node(`n${at}`, held)))
        const shape = shapeFor(width)
        const served = used.map(([vip, ups], at) => service(`service-${at}`, vip, ups))
        const drawing = drawingOf(seenOf([node('one', ['api']), ...views], served), shape)
        const { boxes, height } = layoutOf(drawing, shape, width)
        assert.ok(drawing.boxes.every(({ id }) => boxes.some((box) => box.id === id)))
        for (const [at, a] of boxes.entries()) {
          assert.ok(a.x >= 0 && a.x + a.width <= width && a.y >= 0 && a.y + a.height <= height, a.id)
          for (const b of boxes.slice(at + 1)) {
            const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
            assert.ok(apart, `${a.id} and ${b.id}`)
          }
        }
      }),
      { numRuns: 50 },
    )
  })
})

test('all that is wrong is listed, the worst first, and what the headline says is not repeated', () => {
  const seen = seenOf(
    [node('one', VIPS), node('two', [], 'drift'), silent('three')],
    [service('k8s', 'api', [true, false]), service('lost', 'web', [false]), service('dark', 'web', null)],
  )
  assert.equal(seen.cluster.headline.text, 'two: drift')
  assert.deepEqual(
    noticesOf(seen).map(({ mood, text }) => `${mood}: ${text}`),
    [
      'bad: lost has 0 of 1 servers up; s0 is DOWN',
      'unsure: three does not answer: nobody listens on port 9853',
      'unsure: dark is UNKNOWN: HAProxy cannot be asked',
      'weak: k8s has 1 of 2 servers up; s1 is DOWN',
    ],
  )
})

test('every node that a person has suspended is named, not only this one', () => {
  const suspended = { sinceMs: 0, untilMs: null, reason: 'new switch' }
  const [one, two] = [node('one', VIPS), node('two', [])]
  const seen = seenOf([one, two.kind === 'answers' ? { ...two, suspended } : two], [])
  assert.deepEqual(noticesOf(seen), [
    { mood: 'weak', text: 'two is suspended until it is undone, revisions are not applied: new switch' },
  ])
})

test('of a cluster whose agent is silent nothing is shown as it was', () => {
  const { words, boxes } = drawingOf(
    unheard(seenOf([node('one', VIPS), node('two', [])], [service('k8s', 'api', [true])])),
    'map',
  )
  assert.equal(
    words,
    'VIP api: holder UNKNOWN. VIP web: holder UNKNOWN. one is UNKNOWN. two is UNKNOWN. Service k8s: UNKNOWN.',
  )
  assert.ok(boxes.every(({ mood }) => mood === 'unsure' || mood === 'plain'))
})

test('the last revisions are those of this agent with their stages, then those before it without', () => {
  const pass = (startedAtMs: number, result: PassRecord['result']): PassRecord => ({
    ...{ startedAtMs, endedAtMs: startedAtMs + 5, stages: [], result },
    revision: { sha: `sha-${startedAtMs}`, subject: 'Change', author: 'Ada', committedAtMs: 0 },
  })
  const release = (startedAtMs: number): TimelineEvent => ({
    ...{ atMs: startedAtMs + 9, startedAtMs, kind: 'release' as const, result: 'rolled back' as const },
    ...{ release: 'r-1', revision: `sha-${startedAtMs}`, subject: 'Change', author: 'Ada' },
    ...{ stage: 'watch', reason: 'it got worse' },
  })
  const passes = [
    pass(30, { kind: 'rejected', stage: 'parse', reason: 'no' }),
    pass(20, { kind: 'applied', release: 'r-2' }),
  ]
  assert.deepEqual(
    changesOf(passes, [release(5), release(10), release(20)], 3).map(({ revision, outcome, well, reason, stages }) => [
      ...[revision, outcome, well, reason, stages],
    ]),
    [
      ['sha-30', 'rejected', false, 'at parse: no', []],
      ['sha-20', 'applied', true, 'release r-2', []],
      ['sha-10', 'rolled back', false, 'at watch: it got worse', null],
    ],
  )
})
