import { basePriority } from '../render/expectation.ts'
import type { Position } from '../spec/problem.ts'
import type { KeepalivedImpact, VipImpact } from './impact.ts'

/** `at`: where it stands; what compares two files as a whole has no place. Of VIPs that share a reason, the place of the first. */
export type Why = { text: string; at: Position | undefined }
type OfVips = { vips: readonly string[]; reasons: readonly Why[] }

/** What a change does to this node, from the least to the worst. VIPs go by their names in lb.yaml; those that share a fate stand together. */
export type Consequence =
  | { kind: 'nothing' }
  | { kind: 'start'; daemon: Daemon }
  | { kind: 'haproxy reload' }
  /** `keeps`: VIPs that stay where they are. */
  | { kind: 'keepalived reload'; keeps: readonly string[] }
  | { kind: 'restart needed'; daemon: Daemon; reasons: readonly Why[] }
  | ({ kind: 'vip comes'; to: string | undefined } & OfVips)
  /** If this node holds it: for about a millisecond, or until an election is over. `drained`: the agent gives it to another node first. */
  | ({ kind: 'vip leaves and returns'; away: 'a moment' | 'an election'; drained: boolean } & OfVips)
  | ({ kind: 'vip moves'; to: string; drained: boolean } & OfVips)
  | ({ kind: 'vip goes' } & OfVips)
  /** Until the last node has the change, some do not hear the others, and more than one may hold the VIP. */
  | ({ kind: 'nodes apart'; isForeign: boolean } & OfVips)

type Daemon = 'haproxy' | 'keepalived'
/** `new`: there was no file. */
type FileChange = 'same' | 'changed' | 'new'

export type Changes = {
  haproxy: FileChange
  keepalived: FileChange
  impact: KeepalivedImpact
  node: string
  /** By VIP: the first node that holds it when all nodes have the change and are well; a VIP of no node is not in it. */
  holders: ReadonlyMap<string, string>
  /** VIPs that the agent can give away before keepalived is told: those with a score in the old file. */
  scored: ReadonlySet<string>
  /** The old files are none of lb-agent's: `install` takes over such a pair, and has its VIPs wait meanwhile. */
  isForeign: boolean
}

/**
 * What follows of a change on one node, as data. HAProxy takes all of its file at a reload: the master starts itself anew (tried with
 * 2.6.12: user, group, chroot, threads, modes of sockets).
 */
export function consequencesOf(changes: Changes): Consequence[] {
  const { haproxy, keepalived, impact } = changes
  const keeps = impact.vips.filter(({ kind }) => kind === 'stays').map(({ vip }) => vip)
  const isRefused = impact.restart.length > 0
  const found: Consequence[] = [
    ...ofDaemon('haproxy', haproxy, { kind: 'haproxy reload' }),
    ...(isRefused
      ? [{ kind: 'restart needed', daemon: 'keepalived', reasons: impact.restart } as const]
      : ofDaemon('keepalived', keepalived, { kind: 'keepalived reload', keeps })),
    ...(isRefused || keepalived === 'same' ? [] : together(impact.vips.flatMap((vip) => ofVip(vip, changes)))),
  ]
  return found.length === 0 ? [{ kind: 'nothing' }] : found
}

function ofDaemon(daemon: Daemon, change: FileChange, reload: Consequence): Consequence[] {
  if (change === 'same') return []
  return [change === 'new' ? { kind: 'start', daemon } : reload]
}

type OfVip = Extract<Consequence, OfVips>

function ofVip(impact: VipImpact, { node, holders, scored, isForeign }: Changes): OfVip[] {
  const { vip, was, kind, reasons, apart } = impact
  const [vips, to] = [[vip], holders.get(vip)]
  const drained = was !== undefined && scored.has(was)
  const split: OfVip[] = apart.length === 0 ? [] : [{ kind: 'nodes apart', vips, isForeign, reasons: apart }]
  switch (kind) {
    case 'comes':
      return [{ kind: 'vip comes', vips, to, reasons }]
    case 'stays':
      return [...moved(impact, to, { node, isOurs: drained }), ...split]
    case 'renewed':
      return [
        { kind: 'vip leaves and returns', vips, away: 'a moment', drained: false, reasons },
        ...moved(impact, to, { node, isOurs: drained }),
        ...split,
      ]
    case 'leaves':
      return [
        { kind: 'vip leaves and returns', vips, away: 'an election', drained, reasons },
        ...moved(impact, to, { node, isOurs: drained }),
        ...split,
      ]
    case 'fails':
    case 'goes':
      return to === undefined || to === node
        ? [{ kind: 'vip goes', vips, reasons }]
        : [{ kind: 'vip moves', vips, to, drained, reasons }]
    default:
      return kind satisfies never
  }
}

/**
 * Another base priority: who holds it now is not known here, who will is. A better node takes it from one that serves on. With
 * lb-agent's own priorities (`isOurs`) nothing moves unless this node was the first of `prefer`, or is it now.
 */
function moved(
  { vip, priority: { was, will } }: VipImpact,
  to: string | undefined,
  { node, isOurs }: { node: string; isOurs: boolean },
): OfVip[] {
  if (to === undefined || was === will) return []
  if (isOurs && to !== node && was !== basePriority([node], node)) return []
  const text = `its base priority on this node changes from ${was} to ${will}`
  return [{ kind: 'vip moves', vips: [vip], to, drained: false, reasons: [{ text, at: undefined }] }]
}

/** A cluster of 200 VIPs that changes its transport says so once. */
function together(all: readonly OfVip[]): OfVip[] {
  const alike = new Map<string, OfVip>()
  for (const one of all) {
    const key = JSON.stringify({ ...one, vips: [], reasons: one.reasons.map(({ text }) => text) })
    const before = alike.get(key)
    alike.set(key, before === undefined ? one : { ...before, vips: [...before.vips, ...one.vips] })
  }
  return [...alike.values()]
}
