import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planTakeover, type Situation, type TakeoverPlan } from '../../src/install/takeover-plan.ts'
import type { KeepalivedConfig } from '../../src/keepalived-config/config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'

function read(text: string): KeepalivedConfig {
  return readKeepalivedConfig('keepalived.conf', text, { configId: 'lb1', include: () => [] })
}

type Written = { interface?: string; id?: number; peer?: string; source?: string; more?: string; vip?: string }

function written(name: string, options: Written = {}): string {
  const { interface: device = 'eth0', id = 51, peer, source, more = '', vip = '10.0.0.1/32' } = options
  return `vrrp_instance ${name} {
${device === '' ? '' : `interface ${device}`}
virtual_router_id ${id}
${source === undefined ? '' : `unicast_src_ip ${source}`}
${peer === undefined ? '' : `unicast_peer {\n${peer}\n}`}
${more}
virtual_ipaddress {
${vip}
}
}
`
}

const AFTER = written('api', { vip: '10.0.0.1/32 dev eth0' })
const NODES = [{ name: 'lb2', address: '10.0.1.2', missing: undefined }]

function plan(
  {
    before = '',
    after = AFTER,
    ...rest
  }: { before?: string; after?: string } & Partial<Omit<Situation, 'before' | 'after'>>,
  options = { alone: false },
): TakeoverPlan {
  const situation: Situation = {
    ...{ before: read(before), after: read(after), unread: [] },
    ...{ known: new Set(['10.0.0.1']), held: new Set(), answered: new Set(), silent: new Set() },
    ...{ agents: new Map(), nodes: NODES },
    ...rest,
  }
  return planTakeover(situation, options)
}

const NOTHING: TakeoverPlan = { stays: [], left: [], gaps: [], obstacles: [] }
const HELD = { held: new Set(['10.0.0.1']) }

test('a node that runs no keepalived joins, whoever has the VIP', () => {
  assert.deepEqual(plan({}), NOTHING)
  assert.deepEqual(plan({ agents: new Map([['10.0.0.1', 'lb2']]), answered: new Set(['10.0.0.1']) }), NOTHING)
})

test('a VIP that this node holds stays when keepalived finds the same instance', () => {
  assert.deepEqual(plan({ before: written('VI_1'), ...HELD }), { ...NOTHING, stays: ['api'] })
})

test('a VIP that the old pair holds elsewhere is left to it', () => {
  assert.deepEqual(plan({ before: written('VI_1') }), { ...NOTHING, left: ['api'] })
  // No keepalived runs here, but somebody answers at its address.
  assert.deepEqual(plan({ answered: new Set(['10.0.0.1']) }), { ...NOTHING, left: ['api'] })
})

test('a VIP that another agent holds is not waited for: its adverts are heard here', () => {
  assert.deepEqual(plan({ before: written('VI_1'), agents: new Map([['10.0.0.1', 'lb2']]) }), NOTHING)
})

test('addresses are the same however they are written', () => {
  const known = new Set(['2001:db8::1'])
  const before = written('VI_1', { vip: '2001:DB8:0::1/128' })
  const after = written('api', { vip: '2001:db8::1/128' })
  assert.deepEqual(plan({ before, after, known, held: known }), { ...NOTHING, stays: ['api'] })
})

const GAPS: readonly [before: Written, after: Written, why: string][] = [
  [{ id: 52 }, {}, 'its virtual router id is 52 there and 51 in lb.yaml'],
  [{ interface: 'eth1', vip: '10.0.0.1 dev eth1' }, {}, 'it is on eth1 there and on eth0 in lb.yaml'],
  [{ interface: '' }, {}, 'it is on no interface there and on eth0 in lb.yaml'],
  [{}, { peer: '10.0.1.2' }, 'adverts go by multicast there and by unicast in lb.yaml (vrrp.transport)'],
  [{ peer: '10.0.1.2' }, {}, 'adverts go by unicast there and by multicast in lb.yaml (vrrp.transport)'],
  [
    { peer: '10.0.1.2', source: '10.0.1.9' },
    { peer: '10.0.1.2', source: '10.0.1.1' },
    'adverts come from 10.0.1.9 there and from 10.0.1.1 in lb.yaml',
  ],
  [
    { peer: '10.0.1.2' },
    { peer: '10.0.1.2', source: '10.0.1.1' },
    'adverts come from an address that keepalived chooses there and from 10.0.1.1 in lb.yaml',
  ],
  [{ more: 'use_vmac' }, {}, 'it has an interface of its own there (use_vmac), which lb.yaml cannot say'],
  [{ vip: '10.0.0.1/24' }, {}, 'it is 10.0.0.1/24 there and 10.0.0.1/32 in lb.yaml'],
  [
    { vip: '10.0.0.1/32 dev eth1 label eth1:0 scope link' },
    {},
    '10.0.0.1 has "dev eth1 label eth1:0 scope link" there, which lb-agent does not write',
  ],
]

for (const [before, after, why] of GAPS)
  test(`a VIP is away for a moment: ${why}`, () => {
    const known = new Set(['10.0.0.1', '10.0.0.7'])
    assert.deepEqual(plan({ before: written('VI_1', before), after: written('api', after), known, ...HELD }), {
      ...NOTHING,
      stays: ['api'],
      gaps: [`api (keepalived.conf:1): ${why}`],
    })
  })

test('what keepalived takes for the same is no gap: scope global, its own interface, one more address', () => {
  const before = written('VI_1', { vip: '10.0.0.1/32 dev eth0 scope global' })
  const after = written('api', { more: 'virtual_ipaddress_excluded {\n10.0.0.8\n}' })
  assert.deepEqual(plan({ before, after, ...HELD }), { ...NOTHING, stays: ['api'] })
})

test('an address that was in the other block stays: keepalived looks for it in both', () => {
  const known = new Set(['10.0.0.1', '10.0.0.7'])
  const excluded = written('VI_1', { more: 'virtual_ipaddress_excluded {\n10.0.0.1\n}', vip: '10.0.0.7' })
  assert.deepEqual(plan({ before: excluded, known, ...HELD }), { ...NOTHING, stays: ['api'] })
  const both = written('VI_1', { vip: '10.0.0.1/32\n10.0.0.7/32' })
  const after = written('api', { more: 'virtual_ipaddress_excluded {\n10.0.0.7\n}' })
  assert.deepEqual(plan({ before: both, after, known, ...HELD }), { ...NOTHING, stays: ['api'] })
})

test('all reasons of a gap are named at once', () => {
  const before = written('VI_1', { id: 9, vip: '10.0.0.1/24' })
  assert.deepEqual(plan({ before, ...HELD }).gaps, [
    'api (keepalived.conf:1): its virtual router id is 9 there and 51 in lb.yaml; it is 10.0.0.1/24 there and 10.0.0.1/32 in lb.yaml',
  ])
})

test('an address that lb.yaml does not have would be gone', () => {
  const before = written('VI_1', { vip: '10.0.0.1\n10.0.0.5', more: 'virtual_ipaddress_excluded {\n10.0.0.6/24\n}' })
  assert.deepEqual(plan({ before }).obstacles, [
    {
      what: 'instance VI_1 (keepalived.conf:1) has 10.0.0.5, which lb.yaml does not: it would be gone',
      fix: 'add it to lb.yaml (vips, or extraAddresses of one), or take it out of keepalived.conf first',
    },
    {
      what: 'instance VI_1 (keepalived.conf:1) has 10.0.0.6, which lb.yaml does not: it would be gone',
      fix: 'add it to lb.yaml (vips, or extraAddresses of one), or take it out of keepalived.conf first',
    },
  ])
})

test('a line that is not understood is an obstacle', () => {
  assert.deepEqual(
    plan({ unread: [{ text: '~SEQ(N, 1, 3) 10.0.0.$N', at: { file: 'keepalived.conf', line: 7, col: 5 } }] }).obstacles,
    [
      {
        what: 'keepalived.conf:7 is written in a way that lb-agent does not read, so it cannot tell which addresses keepalived has here: ~SEQ(N, 1, 3) 10.0.0.$N',
        fix: 'write it out in keepalived.conf (~SEQ, ~LST, parameters of several lines), then run lb-agent install again',
      },
    ],
  )
})

const MISSING = [
  { name: 'lb2', address: '10.0.1.2', missing: 'no agent answers at port 9853: nobody listens on port 9853' },
  { name: 'lb3', address: '10.0.1.3', missing: undefined },
  { name: 'lb4', address: '10.0.1.4', missing: 'its agent runs no release yet' },
]

test('the holder waits until lb-agent runs every other node, and says why it does not seem so', () => {
  assert.deepEqual(plan({ before: written('VI_1'), ...HELD, nodes: MISSING }).obstacles, [
    {
      what: 'this node holds VIPs, and a keepalived of the old pair on another one would not hear this one (VRRPv3), and take them as well. lb2 (10.0.1.2): no agent answers at port 9853: nobody listens on port 9853. lb4 (10.0.1.4): its agent runs no release yet',
      fix: 'have lb-agent install serve on lb2 and lb4 first: they then wait for this node; where keepalived is stopped or was never there, add --alone',
    },
  ])
})

test('a VIP of the old pair that nobody can be seen to hold is not waited for', () => {
  const situation = { before: written('VI_1'), silent: new Set(['10.0.0.1']) }
  assert.deepEqual(plan(situation), {
    ...NOTHING,
    obstacles: [
      {
        what: 'api (10.0.0.1) is in keepalived.conf and not on this node, and nobody answers at the ports of its services: if another node has it, this one cannot see that, and would take it as well',
        fix: 'let this node reach those ports at that address (firewall); where nobody has it: --alone',
      },
    ],
  })
  assert.deepEqual(plan(situation, { alone: true }), NOTHING, 'it takes part')
})

test('a node that holds nothing, or is said to be alone, does not wait', () => {
  assert.deepEqual(plan({ before: written('VI_1'), nodes: MISSING }).obstacles, [])
  assert.deepEqual(plan({ before: written('VI_1'), ...HELD, nodes: MISSING }, { alone: true }), {
    ...NOTHING,
    stays: ['api'],
  })
})
