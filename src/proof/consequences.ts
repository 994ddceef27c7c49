import type { Position } from '../spec/problem.ts'
import type { KeepalivedImpact, Reason, VipImpact } from './impact.ts'

/** What a change does to this node, from the least to the worst. Names of VIPs are those of lb.yaml. */
export type Consequence =
  | { kind: 'nothing' }
  | { kind: 'start'; daemon: Daemon }
  | { kind: 'haproxy reload' }
  /** `keeps`: VIPs that stay where they are. */
  | { kind: 'keepalived reload'; keeps: readonly string[] }
  | { kind: 'vip comes'; vip: string; to: string | undefined }
  /** If this node holds it: for about a millisecond, or until an election is over. */
  | { kind: 'vip leaves and returns'; vip: string; away: 'a moment' | 'an election'; reasons: readonly Reason[] }
  | { kind: 'vip moves'; vip: string; to: string; reasons: readonly PlacelessReason[] }
  | { kind: 'vip goes'; vip: string; reasons: readonly Reason[] }
  /** Until the last node has the change, some do not hear the others, and more than one may hold the VIP. */
  | { kind: 'nodes apart'; vip: string; reasons: readonly Reason[] }
  | { kind: 'restart needed'; daemon: Daemon; reasons: readonly Reason[] }

type Daemon = 'haproxy' | 'keepalived'
/** What compares two files has no place in one of them. */
type PlacelessReason = { text: string; at: Position | undefined }

export type Changes = {
  /** `new`: there was no file. */
  haproxy: 'same' | 'changed' | 'new'
  keepalived: 'same' | 'changed' | 'new'
  impact: KeepalivedImpact
  node: string
  /** By VIP: the first node that holds it when all nodes have the change and are well; a VIP of no node is not in it. */
  holders: ReadonlyMap<string, string>
}

/** What follows of a change on one node, as data. */
export function consequencesOf({ haproxy, keepalived, impact, node, holders }: Changes): Consequence[] {
  const found: Consequence[] = [
    ...daemonConsequence('haproxy', haproxy, { kind: 'haproxy reload' }),
    ...(impact.restart.length > 0
      ? [{ kind: 'restart needed', daemon: 'keepalived', reasons: impact.restart } as const]
      : daemonConsequence('keepalived', keepalived, { kind: 'keepalived reload', keeps: keptBy(impact) })),
    ...(keepalived === 'same' || impact.restart.length > 0
      ? []
      : impact.vips.flatMap((vip) => vipConsequences(vip, node, holders.get(vip.vip)))),
  ]
  return found.length === 0 ? [{ kind: 'nothing' }] : found
}

function daemonConsequence(daemon: Daemon, change: Changes['haproxy'], reload: Consequence): Consequence[] {
  if (change === 'same') return []
  return [change === 'new' ? { kind: 'start', daemon } : reload]
}

function keptBy({ vips }: KeepalivedImpact): string[] {
  return vips.filter(({ kind }) => kind === 'stays').map(({ vip }) => vip)
}

function vipConsequences(impact: VipImpact, node: string, holder: string | undefined): Consequence[] {
  const { vip, kind, reasons, apart, priority } = impact
  const split: Consequence[] = apart.length === 0 ? [] : [{ kind: 'nodes apart', vip, reasons: apart }]
  const moved: Consequence[] =
    holder === undefined || priority.was === priority.will
      ? []
      : [{ kind: 'vip moves', vip, to: holder, reasons: [priorityReason(impact)] }]
  switch (kind) {
    case 'comes':
      return [{ kind: 'vip comes', vip, to: holder }]
    case 'stays':
      return [...moved, ...split]
    case 'renewed':
      return [{ kind: 'vip leaves and returns', vip, away: 'a moment', reasons }, ...moved, ...split]
    case 'leaves':
      return [{ kind: 'vip leaves and returns', vip, away: 'an election', reasons }, ...moved, ...split]
    case 'fails':
    case 'goes':
      return holder === undefined || holder === node
        ? [{ kind: 'vip goes', vip, reasons }]
        : [{ kind: 'vip moves', vip, to: holder, reasons }]
    default:
      return kind satisfies never
  }
}

function priorityReason({ priority: { was, will } }: VipImpact): PlacelessReason {
  return { text: `its base priority on this node changes from ${was} to ${will}`, at: undefined }
}

/** A consequence as a sentence. */
export function consequenceText(consequence: Consequence): string {
  switch (consequence.kind) {
    case 'nothing':
      return 'nothing is reloaded'
    case 'start':
      return `${consequence.daemon} is started`
    case 'haproxy reload':
      return 'haproxy is reloaded: it serves all the while, and open connections stay with the old worker'
    case 'keepalived reload':
      return `keepalived is reloaded${consequence.keeps.length === 0 ? '' : ` and keeps ${consequence.keeps.join(', ')} where it is MASTER`}`
    case 'vip comes':
      return consequence.to === undefined
        ? `${consequence.vip} is new on this node`
        : `${consequence.vip} is new on this node; ${consequence.to} holds it once all nodes have the change`
    case 'vip leaves and returns':
      return consequence.away === 'a moment'
        ? `${consequence.vip} leaves for about a millisecond where this node holds it, and returns: ${list(consequence.reasons)}`
        : `${consequence.vip} leaves where this node holds it, and returns after an election, because keepalived takes it for another instance: ${list(consequence.reasons)}`
    case 'vip moves':
      return `${consequence.vip} moves to ${consequence.to}, unless it is there: ${list(consequence.reasons)}`
    case 'vip goes':
      return `${consequence.vip} goes from this node, and no other one takes it: ${list(consequence.reasons)}`
    case 'nodes apart':
      return `until all nodes have the change, those with it and those without do not hear each other, and both may hold ${consequence.vip}: ${list(consequence.reasons)}`
    case 'restart needed':
      return `${consequence.daemon} refuses to reload this file and goes on with the old one until it is restarted, which takes its VIPs away: ${list(consequence.reasons)}`
    default:
      return consequence satisfies never
  }
}

function list(reasons: readonly PlacelessReason[]): string {
  return reasons.map(({ text, at }) => (at === undefined ? text : `${text} (${at.file}:${at.line})`)).join('; ')
}
