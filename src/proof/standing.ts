import type { Contribution, FaultKind, ProofNode, Router, Term, Tracker } from './model.ts'

/**
 * What one instance is, apart from what it hears. `cut`: its adverts go nowhere, and it hears none. `out` takes no part; it went
 * `announced` by an advert of priority 0, `silent`, or `killed`, so that its addresses stay on the node.
 */
export type Standing =
  | { kind: 'runs'; priority: number; cut: boolean }
  | { kind: 'out'; left: 'announced' | 'silent' | 'killed' }

/** From `atMs` after the faults on, at the latest, an instance stands so; `terms` add up to that. */
export type Step = { atMs: number; terms: readonly Term[]; standing: Standing }

/** FAULT is what a file's value times weight of -254 or less means (keepalived 2.2.7, vrrp_track.c). */
const FAULT_OF_A_FILE = -254
const MOST_OF_A_FILE = 253
/** The owner of an address does not count weights (vrrp_set_effective_priority). */
const OWNER = 255

/** How an instance stands while nothing is wrong. */
export function healthyStanding(router: Router): Standing {
  return standing(
    router,
    router.trackers.map(({ healthy }) => healthy),
    false,
  )
}

/** What the faults on an instance's node do to it, in order of time; the last step lasts. Empty: it notices none of them. */
export function stepsOf(router: Router, node: ProofNode | undefined, faults: ReadonlySet<FaultKind>): readonly Step[] {
  if (faults.has('node-lost')) return [atOnce({ kind: 'out', left: 'silent' })]
  const cut = faults.has('link-down')
  const followed = trackedSteps(router, faults, cut)
  if (faults.has('keepalived-killed')) {
    const restart = node?.restartsKeepalived
    const killed = atOnce({ kind: 'out', left: 'killed' })
    if (restart === undefined) return [killed]
    return [
      killed,
      { atMs: sum(restart), terms: restart, standing: followed.at(-1)?.standing ?? healthyStanding(router) },
    ]
  }
  if (faults.has('keepalived-stopped')) return [atOnce({ kind: 'out', left: cut ? 'silent' : 'announced' })]
  return followed
}

/** The sum of a worst case. */
export function sum(terms: readonly Term[]): number {
  return terms.reduce((total, { ms }) => total + ms, 0)
}

function atOnce(standing: Standing): Step {
  return { atMs: 0, terms: [], standing }
}

/** keepalived tells each tracker's news by itself, so a slow one delays nothing that a fast one has brought about. */
function trackedSteps(router: Router, faults: ReadonlySet<FaultKind>, cut: boolean): Step[] {
  const steps: Step[] = []
  const contributions = router.trackers.map(({ healthy }) => healthy)
  let last = healthyStanding(router)
  const add = (terms: readonly Term[], next: Standing): void => {
    if (!same(last, next)) steps.push({ atMs: sum(terms), terms, standing: next })
    last = next
  }
  if (cut) add([], router.tracksInterface ? { kind: 'out', left: 'silent' } : standing(router, contributions, cut))
  if (cut && router.tracksInterface) return steps
  const news = router.trackers.flatMap((tracker, index) => {
    const changed = newsOf(tracker, faults)
    return changed === undefined ? [] : [{ index, ...changed, atMs: sum(changed.terms) }]
  })
  for (const { index, contribution, terms } of news.sort((a, b) => a.atMs - b.atMs)) {
    contributions[index] = contribution
    add(terms, standing(router, contributions, cut))
  }
  return steps
}

type News = { contribution: Contribution; terms: readonly Term[] }

/** Of several faults that a tracker notices, the worst. */
function newsOf({ under }: Tracker, faults: ReadonlySet<FaultKind>): News | undefined {
  let worst: News | undefined
  for (const fault of faults) {
    const news = under[fault]
    if (news !== undefined && (worst === undefined || rank(news) < rank(worst))) worst = news
  }
  return worst
}

function rank({ contribution }: News): number {
  return contribution === 'FAULT' ? Number.NEGATIVE_INFINITY : contribution
}

function standing(router: Router, contributions: readonly Contribution[], cut: boolean): Standing {
  let total = router.priority
  for (const [index, contribution] of contributions.entries()) {
    const ofFile = router.trackers[index]?.what === 'file'
    if (contribution === 'FAULT' || (ofFile && contribution <= FAULT_OF_A_FILE))
      return { kind: 'out', left: cut ? 'silent' : 'announced' }
    total += ofFile ? Math.min(contribution, MOST_OF_A_FILE) : contribution
  }
  const priority = router.priority === OWNER ? OWNER : Math.max(1, Math.min(OWNER - 1, total))
  return { kind: 'runs', priority, cut }
}

function same(a: Standing, b: Standing): boolean {
  if (a.kind === 'out') return b.kind === 'out' && a.left === b.left
  return b.kind === 'runs' && a.priority === b.priority && a.cut === b.cut
}
