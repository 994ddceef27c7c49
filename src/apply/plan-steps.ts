import type { Drop } from './dropped-vips.ts'
import type { Release } from './release.ts'

export type DaemonName = 'haproxy' | 'keepalived'

/** What putting a release live is made of, as data. */
export type Step =
  | { kind: 'activate' }
  | { kind: 'drain first'; drops: readonly Drop[] }
  | { kind: 'reload'; daemon: DaemonName }
  | { kind: 'confirm'; daemon: DaemonName }
  | { kind: 'watch' }

/**
 * The steps from one release to another. HAProxy comes first: keepalived must not announce an address for a listener
 * that is not there yet. A daemon whose file says the same but for the release id has nothing to reload. What keepalived would
 * drop is given away right before it is told: until then another node may be in the same pass, and would drop what it has just got.
 */
export function planSteps(from: Release | undefined, to: Release, drops: readonly Drop[] = []): Step[] {
  const changed = (daemon: DaemonName): boolean => from?.digests[daemon] !== to.digests[daemon]
  const renewals = (['haproxy', 'keepalived'] as const)
    .filter(changed)
    .flatMap((daemon): Step[] => [
      ...(daemon === 'keepalived' && drops.length > 0 ? [{ kind: 'drain first', drops } as const] : []),
      { kind: 'reload', daemon },
      { kind: 'confirm', daemon },
    ])
  return [{ kind: 'activate' }, ...renewals, { kind: 'watch' }]
}
