import type { ApplyState } from './apply-state.ts'

/** How the branch's commit stands to the one that this node has applied. */
export type Ancestry = 'descendant' | 'same' | 'rewind' | 'unknown-ancestor'

export type WhyNot = { kind: 'rejected'; reason: string } | { kind: 'rewind'; reason: string }

/** Why a revision is not applied, with the reason and the way out; undefined when nothing speaks against it. */
export function whyNotApply(
  revision: string,
  state: ApplyState,
  ancestry: Ancestry,
  allowed: { rewind: boolean; rejected: boolean },
): WhyNot | undefined {
  const rejected = state.rejected.find((entry) => entry.revision === revision)
  if (rejected !== undefined && !allowed.rejected) {
    return {
      kind: 'rejected',
      reason: `${short(revision)} was rejected at ${rejected.stage}: ${rejected.reason.replace(/\.$/, '')}. Push a commit that mends it, or try it again: lb-agent sync --retry`,
    }
  }
  if (state.applied === null || allowed.rewind || ancestry === 'descendant' || ancestry === 'same') return undefined
  return {
    kind: 'rewind',
    reason: `${short(revision)} does not descend from ${short(state.applied.revision)}, which this node runs: the branch was rewound. If that is meant: lb-agent sync --accept-rewind`,
  }
}

function short(revision: string): string {
  return revision.slice(0, 12)
}
