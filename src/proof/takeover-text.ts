import { FAULT_KINDS, type FaultKind } from './model.ts'
import type { Bound, Outcome, TableRow, VipTable } from './outcome.ts'

/** The takeover table of VIPs that share their fate, as rows of cells, and the worst cases below it. */
export type TakeoverText = { title: string; rows: string[][]; bounds: string[] }

const FAULT_NAMES: Readonly<Record<FaultKind, string>> = {
  'haproxy-dead': 'HAProxy dead',
  'haproxy-hung': 'HAProxy hung',
  'keepalived-stopped': 'keepalived stopped',
  'keepalived-killed': 'keepalived killed',
  'node-lost': 'node lost',
  'servers-lost': 'servers out of reach',
  'link-down': 'link down',
}

/**
 * One text per group of VIPs that have the same table. Cells: `stays`, `lb2 ≤ 106 ms`, `lb2 ≤ 106 ms, then back`, `away, and back ≤ 11 s` of a
 * node that is alone, `NONE`,
 * `TWO: lb1, lb2`, `STAYS, NOT SERVED`.
 */
export function takeoverTexts(table: readonly VipTable[]): TakeoverText[] {
  return alikeTables(table).flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [textOf(first, group)]
  })
}

/** VIPs that share their fate: the same holder, and the same after every fault. */
export function alikeTables(table: readonly VipTable[]): VipTable[][] {
  // takeoverTable gives VIPs that are alike the same rows; of a cluster with 200 of them that spares writing out most.
  const texts = new Map<readonly TableRow[], string>()
  const groups = new Map<string, VipTable[]>()
  for (const one of table) {
    const text = texts.get(one.rows) ?? JSON.stringify([one.healthy, one.rows])
    texts.set(one.rows, text)
    groups.set(text, [...(groups.get(text) ?? []), one])
  }
  return [...groups.values()]
}

function textOf(table: VipTable, group: readonly VipTable[]): TakeoverText {
  const { healthy, rows } = table
  const single = rows.filter(({ faults }) => faults.length === 1)
  const nodes = [...new Set(single.flatMap(({ faults }) => faults.map(({ node }) => node)))]
  const columns = columnsOf(nodes, single, healthy)
  const cellAt = (kind: FaultKind, node: string): string => {
    const row = single.find(({ faults: [fault] }) => fault?.kind === kind && fault.node === node)
    return row === undefined ? '' : cellOf(row, single, healthy)
  }
  const body = FAULT_KINDS.map((kind) => [FAULT_NAMES[kind], ...columns.map(([node = '']) => cellAt(kind, node))])
  return {
    title: `${group.map(({ vip }) => (vip.name === vip.address ? vip.address : `${vip.name} (${vip.address})`)).join(', ')}: ${standing(healthy)}`,
    rows: [['on', ...columns.map((column) => heading(column))], ...body, ...pairRows(rows, healthy, columns.length)],
    bounds: boundsOf(single, healthy),
  }
}

/** Nodes on which every fault does the same stand in one column. */
function columnsOf(nodes: readonly string[], rows: readonly TableRow[], healthy: Outcome): string[][] {
  const single = rows.filter(({ faults }) => faults.length === 1)
  const columns = new Map<string, string[]>()
  for (const node of nodes) {
    const key = rows
      .filter(({ faults: [fault] }) => fault?.node === node)
      .map((row) => `${row.faults[0]?.kind} ${cellOf(row, single, healthy)}`)
      .join()
    columns.set(key, [...(columns.get(key) ?? []), node])
  }
  return [...columns.values()]
}

const MOST_NAMES = 3

function heading(nodes: readonly string[]): string {
  return nodes.length <= MOST_NAMES ? nodes.join(', ') : `${nodes.length} others`
}

/** Pairs of losses: those after which somebody else than expected, or nobody, holds it. */
function pairRows(rows: readonly TableRow[], healthy: Outcome, columns: number): string[][] {
  const pairs = rows.filter(({ faults }) => faults.length === 2)
  const groups = new Map<string, string[]>()
  for (const { faults, outcome } of pairs) {
    const said = cell(healthy, outcome)
    if (said === 'stays') continue
    groups.set(said, [...(groups.get(said) ?? []), faults.map(({ node }) => node).join(' + ')])
  }
  const empty = Array<string>(Math.max(0, columns - 1)).fill('')
  return [...groups].map(([said, names]) => [
    `lost: ${names.length <= MOST_NAMES ? names.join('; ') : `${names[0]} and ${names.length - 1} other pairs`}`,
    said,
    ...empty,
  ])
}

function standing(healthy: Outcome): string {
  if (healthy.oneOf.length > 0) return `${healthy.oneOf.join(' or ')} holds it, whoever starts first`
  if (healthy.holders.length > 1) return `${several(healthy.holders)} hold it: ${healthy.holders.join(', ')}`
  return healthy.holders.length === 0 ? 'NOBODY holds it' : `${healthy.holders[0]} holds it`
}

/** Two nodes that answer are TWO in capitals, as are more: that must not be. */
function several(nodes: readonly string[]): string {
  return nodes.length === 2 ? 'TWO' : `${nodes.length} NODES`
}

/** A cell, with what is known of a node that loses the VIP for a while. */
function cellOf(row: TableRow, rows: readonly TableRow[], healthy: Outcome): string {
  const meanwhile = meanwhileOf(row, rows, healthy)
  if (meanwhile === undefined) return cell(healthy, row.outcome)
  return `${cell(healthy, meanwhile)}, ${isByHand(row.outcome.bound) ? 'back by hand' : 'then back'}`
}

function isByHand(bound: Bound | undefined): boolean {
  return bound?.terms.some(({ byHand }) => byHand === true) === true
}

/**
 * Where keepalived is killed and started again, the VIP is away and comes back: until then the others stand as if the node were lost,
 * because they hear its adverts no more. undefined: nothing of that kind.
 */
function meanwhileOf(row: TableRow, rows: readonly TableRow[], healthy: Outcome): Outcome | undefined {
  const [fault] = row.faults
  const [holder] = healthy.holders
  const { holders, bound, serving } = row.outcome
  if (fault?.kind !== 'keepalived-killed' || bound === undefined || serving.length === 0) return undefined
  if (holders.length !== 1 || holders[0] !== holder || holder !== fault.node) return undefined
  const lost = rows.find(({ faults: [other] }) => other?.kind === 'node-lost' && other.node === fault.node)
  return lost?.outcome.holders.length === 1 ? lost.outcome : undefined
}

function cell(healthy: Outcome, outcome: Outcome): string {
  const { holders, oneOf, serving, could, bound } = outcome
  if (holders.length > 1) return `${several(holders)}: ${holders.join(', ')}`
  const isServed = serving.length > 0 || could.length === 0
  const within = bound === undefined || bound.terms.length === 0 ? '' : ` ≤ ${formatMs(bound.ms)}`
  if (oneOf.length > 0) {
    const isSurelyServed = could.length === 0 || oneOf.every((node) => serving.includes(node))
    return `${oneOf.join(' or ')}${isSurelyServed ? '' : ', perhaps NOT SERVED'}`
  }
  const [holder] = holders
  if (holder === undefined) return could.length === 0 ? 'nobody is left' : 'NONE'
  const moved = healthy.holders.length > 1 || healthy.holders[0] !== holder
  if (!moved && isServed) return bound === undefined ? 'stays' : `away, and back${within}`
  if (!moved) return 'STAYS, NOT SERVED'
  return `${holder}${within}${isServed ? '' : ', NOT SERVED'}`
}

/** What the longest times are made of, once for the faults that move the VIP in the same way. */
function boundsOf(rows: readonly TableRow[], healthy: Outcome): string[] {
  const groups = new Map<string, string[]>()
  for (const kind of FAULT_KINDS) {
    const row = rows.find(({ faults: [fault] }) => fault?.kind === kind && healthy.holders.includes(fault.node))
    const bound = row?.outcome.bound
    if (row === undefined || bound === undefined || bound.terms.length === 0) continue
    if (cell(healthy, row.outcome) === 'stays') continue
    const meanwhile = meanwhileOf(row, rows, healthy)
    const text = meanwhile === undefined ? formatBound(bound) : andBack(meanwhile, bound)
    groups.set(text, [...(groups.get(text) ?? []), FAULT_NAMES[kind]])
  }
  return [...groups].map(([text, names]) => `${names.join(', ')}: ${text}`)
}

/** `302 ms = 3 adverts of 100 ms (300 ms) + skew of 253 (2 ms)`; of a single part it is enough to name it. */
function formatBound({ ms, terms }: Bound): string {
  const told = terms.map(({ what, ms: part }) => (part === 0 ? what : `${what} (${formatMs(part)})`))
  return terms.length === 1 ? told.join('') : `${formatMs(ms)} = ${told.join(' + ')}`
}

function andBack({ bound: away }: Outcome, back: Bound): string {
  const gone =
    away === undefined
      ? ''
      : `${formatMs(away.ms)} as for a lost node, and the old one answers until keepalived is started again; `
  const [byHand] = back.terms.filter((term) => term.byHand === true)
  return `${gone}back after ${byHand === undefined ? formatBound(back) : byHand.what}`
}

function formatMs(ms: number): string {
  return ms < 10_000 ? `${Math.ceil(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
