import { createHash } from 'node:crypto'
import type { Expectation } from '../render/expectation.ts'
import type { RenderedFiles } from '../render/render-target.ts'

/** Rendered files under an id, `<sha12>-<digest8>`: the revision they come from and what they say. */
export type Release = {
  id: string
  /** The commit. Empty for the hand-written pair that was found on the node (see `foreign`). */
  revision: string
  /** SHA-256 of each file without its release id: equal digests mean that a daemon has nothing to reload. */
  digests: { haproxy: string; keepalived: string }
  files: RenderedFiles
  expectation: Expectation
  /** Version of lb-agent that rendered it; another one may render other files of the same revision. */
  renderedBy: string
  /** The node it was rendered for; another one after a disk was copied, or the node renamed. */
  node: string
  /** Not made by lb-agent: kept so that a first apply can be rolled back to it; it cannot be confirmed by its id. */
  foreign: boolean
}

/** `release` of files that were rendered with an empty release id. */
export function digestsOf(anonymous: RenderedFiles): Release['digests'] {
  return { haproxy: sha256(anonymous.haproxy), keepalived: sha256(anonymous.keepalived) }
}

export function releaseId(revision: string, digests: Release['digests']): string {
  return `${revision.slice(0, 12)}-${sha256(`${digests.haproxy} ${digests.keepalived}`).slice(0, 8)}`
}

/** Files found on the node that no release of ours has written. */
export function foreignRelease(files: RenderedFiles): Release {
  const digests = digestsOf(files)
  return {
    id: `foreign-${sha256(`${digests.haproxy} ${digests.keepalived}`).slice(0, 8)}`,
    revision: '',
    digests,
    files,
    expectation: {
      cluster: '',
      healthPort: 8405,
      haproxyMetrics: 'builtin',
      advertIntervalMs: 1000,
      failbackMs: 0,
      dampingMs: 0,
      peers: [],
      vips: [],
      services: [],
    },
    renderedBy: '',
    node: '',
    foreign: true,
  }
}

/** A release of which these daemons, or none, are known to have read their files, so that they are reloaded whatever comes. */
export function unread(
  release: Release,
  daemons: readonly (keyof RenderedFiles)[] = ['haproxy', 'keepalived'],
): Release {
  const unknown = Object.fromEntries(daemons.map((daemon) => [daemon, '']))
  return { ...release, digests: { ...release.digests, ...unknown } }
}

/** False where what the daemon runs is not known: see `unread`. */
export function isRead({ digests }: Pick<Release, 'digests'>, daemon: keyof RenderedFiles): boolean {
  return digests[daemon] !== ''
}

/** True for files of another node: its disk was copied, or this node was renamed. */
export function isOfAnother({ node, foreign }: Pick<Release, 'node' | 'foreign'>, here: string): boolean {
  // Releases of older agents do not say whose they are.
  return !foreign && node !== '' && node !== here
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
