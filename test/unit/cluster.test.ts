import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headlineOf, holdersOf, type NodeView } from '../../src/cluster.ts'

const SUSPENDED = { sinceMs: 0, untilMs: null, reason: 'new switch' }
const silent = (name: string): NodeView => ({ name, kind: 'silent', reason: 'nobody listens on port 9853' })
const node = (name: string, held: boolean, more: Partial<Extract<NodeView, { kind: 'answers' }>> = {}): NodeView => ({
  name,
  kind: 'answers',
  well: true,
  text: 'all is well',
  advice: null,
  release: 'abc-1',
  revision: 'abc',
  desired: 'abc',
  suspended: null,
  vips: [{ name: 'api', address: '10.0.0.1', state: held ? 'MASTER' : 'BACKUP', held, score: 100 }],
  services: [],
  ...more,
})

const CASES: readonly [string, readonly NodeView[], string][] = [
  ['one holder', [node('a', true), node('b', false)], 'all is well on 2 nodes'],
  ['two holders', [node('a', true), node('b', true), silent('c')], 'DUPLICATE: VIP api is on a and b'],
  ['no holder', [node('a', false), node('b', false)], 'VIP api is on no node'],
  [
    'no holder among those that answer',
    [node('a', false), silent('b'), silent('c')],
    'VIP api is on no node, unless b or c has it, which does not answer',
  ],
  ['a silent node', [node('a', true), silent('b')], 'no answer from b'],
  [
    'a node that is not well',
    [node('a', true), node('b', false, { well: false, text: 'drift', advice: 'mend it' })],
    'b: drift',
  ],
  ['two revisions', [node('a', true), node('b', false, { revision: 'def' })], 'the nodes run different revisions'],
  [
    'a suspended node that runs what the others run',
    [node('a', true), node('b', false, { suspended: SUSPENDED, desired: 'def' })],
    'all is well on 2 nodes; suspended by hand: b',
  ],
  [
    'a suspended node that runs another revision: that was ordered',
    [node('a', true, { revision: 'def' }), node('b', false, { suspended: SUSPENDED })],
    'all is well on 2 nodes; suspended by hand: b (runs abc and not def)',
  ],
  [
    'all nodes are suspended, each with a revision of its own',
    [node('a', true, { suspended: SUSPENDED, revision: 'def' }), node('b', false, { suspended: SUSPENDED })],
    'all is well on 2 nodes; suspended by hand: a (runs def), b (runs abc)',
  ],
  [
    'two nodes that follow differ, and a third is suspended',
    [node('a', true), node('b', false, { revision: 'def' }), node('c', false, { suspended: SUSPENDED })],
    'the nodes run different revisions',
  ],
  ['a node without VIPs', [node('a', true), node('b', false, { vips: [] })], 'all is well on 2 nodes'],
]

for (const [what, nodes, text] of CASES) {
  test(`the cluster's headline: ${what}`, () => {
    const headline = headlineOf(nodes, holdersOf(nodes))
    assert.equal(headline.text, text)
    assert.equal(headline.well, text.startsWith('all is well'))
    assert.equal(headline.advice === null, headline.well)
    if (text === 'b: drift') assert.equal(headline.advice, 'On b: mend it')
  })
}
