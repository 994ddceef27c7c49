import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseStateFile } from '../state-file.ts'

/**
 * The pair that a plan starts from. Paths are shown in the diff; `release`: its id, where it is a stored one; `note`: which of the two
 * is not in the directory that was named, and what the plan takes that to mean.
 */
export type PlanFrom = { haproxy: string; keepalived: string; release: string | undefined; note?: string }

const STATE = z.object({ applied: z.object({ release: z.string() }).nullable(), previous: z.string().nullable() })

/**
 * What `--from` names: a directory with haproxy.cfg and keepalived.conf; `applied`, `previous`, or the id or the beginning of the id of a
 * release that this node has stored. Without it the live files. Or a sentence that says what there is.
 */
export function planFrom(
  from: string | undefined,
  config: AgentConfig | undefined,
): { kind: 'from'; from: PlanFrom } | { kind: 'unknown'; reason: string } {
  if (from === undefined) {
    return {
      kind: 'from',
      from: {
        haproxy: config?.paths.haproxyConfig ?? '/etc/haproxy/haproxy.cfg',
        keepalived: config?.paths.keepalivedConfig ?? '/etc/keepalived/keepalived.conf',
        release: undefined,
      },
    }
  }
  if (existsSync(from) && statSync(from).isDirectory()) return pairOf(from)
  if (config === undefined)
    return {
      kind: 'unknown',
      reason: `${from} is no directory with haproxy.cfg and keepalived.conf, and there is no agent.yaml here that would say where releases are stored (--config)`,
    }
  const directory = join(config.paths.state, 'releases')
  const stored = storedReleases(directory)
  const wanted = namedRelease(from, config) ?? from
  const found = stored.includes(wanted) ? [wanted] : stored.filter((id) => id.startsWith(wanted))
  const [release, ...others] = found
  if (release !== undefined && others.length === 0)
    return { kind: 'from', from: pairIn(join(directory, release), release) }
  return { kind: 'unknown', reason: whyUnknown(from, found, stored, directory) }
}

/** One of the two is a start: a host may have had HAProxy alone. Or somebody forgot to copy the other one. */
function pairOf(directory: string): ReturnType<typeof planFrom> {
  const from = pairIn(directory, undefined)
  const [hasHaproxy, hasKeepalived] = [existsSync(from.haproxy), existsSync(from.keepalived)]
  if (hasHaproxy && hasKeepalived) return { kind: 'from', from }
  if (hasKeepalived) return { kind: 'from', from: { ...from, note: noteOn(directory, 'haproxy.cfg', 'HAProxy') } }
  if (hasHaproxy) return { kind: 'from', from: { ...from, note: noteOn(directory, 'keepalived.conf', 'keepalived') } }
  return {
    kind: 'unknown',
    reason: `${directory} has neither haproxy.cfg nor keepalived.conf; --from takes a directory with one node's files under these names, or a release (without --from: the live files)`,
  }
}

function noteOn(directory: string, file: string, daemon: string): string {
  return `${directory} has no ${file}, so the plan takes the node to run no ${daemon}; if it does, copy its ${file} there`
}

function pairIn(directory: string, release: string | undefined): PlanFrom {
  return { haproxy: join(directory, 'haproxy.cfg'), keepalived: join(directory, 'keepalived.conf'), release }
}

/** Newest first. */
function storedReleases(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .map((name) => ({ name, atMs: statSync(join(directory, name)).mtimeMs }))
    .sort((one, other) => other.atMs - one.atMs)
    .map(({ name }) => name)
}

/** The release that `applied` and `previous` stand for on this node. */
function namedRelease(word: string, { paths }: AgentConfig): string | undefined {
  if (word !== 'applied' && word !== 'previous') return undefined
  const file = join(paths.state, 'state.json')
  if (!existsSync(file)) return undefined
  const read = parseStateFile(readFileSync(file, 'utf8'), STATE)
  if (read.kind !== 'read') return undefined
  return (word === 'applied' ? read.value.applied?.release : read.value.previous) ?? undefined
}

const SHOWN = 10

function whyUnknown(from: string, found: readonly string[], stored: readonly string[], directory: string): string {
  if (found.length > 1) return `--from ${from} may mean ${found.join(' or ')}; give more of it`
  if (stored.length === 0)
    return `${from} is no directory, and this node has stored no release yet (${directory}); --from takes a directory with haproxy.cfg and keepalived.conf, or a release`
  const more = stored.length > SHOWN ? `, and ${stored.length - SHOWN} older ones` : ''
  return `${from} is no directory, and no release of this node; newest first there are ${stored.slice(0, SHOWN).join(', ')}${more}; or say applied, or previous`
}
