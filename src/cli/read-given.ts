import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../spec/problem.ts'

export const LONGEST_CONFIG = 4 * 1024 * 1024

type Wanted = 'keepalived.conf' | 'haproxy.cfg'

/** The text of a file that a person has named, or what was named instead. */
export function readGiven(
  file: string,
  wanted: Wanted,
): { kind: 'text'; text: string } | { kind: 'problem'; problem: Problem } {
  const problem = (message: string) => ({ kind: 'problem', problem: { file, line: 0, col: 0, message } }) as const
  const option = wanted === 'keepalived.conf' ? '--keepalived' : '--haproxy'
  const takes = `${option} takes the ${wanted} of each node`
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return problem(`does not exist; ${takes}`)
  if (found.isDirectory()) {
    const inside =
      statSync(join(file, wanted), { throwIfNoEntry: false }) === undefined ? '' : `: ${join(file, wanted)}`
    return problem(`is a directory; ${takes}${inside}`)
  }
  if (found.size > LONGEST_CONFIG)
    return problem('is longer than 4 MiB, and no configuration that a person has written')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return problem(`cannot be read: ${(error as Error).message}`)
  }
  const kind = kindOf(text)
  if (kind !== undefined && kind !== wanted)
    return problem(`looks like ${kind === 'haproxy.cfg' ? 'an haproxy.cfg' : 'a keepalived.conf'}; ${takes}`)
  return { kind: 'text', text }
}

const OF_KEEPALIVED = /^\s*(?:vrrp_instance\b|vrrp_script\b|vrrp_sync_group\b|global_defs\b|virtual_server\b)/m
const OF_HAPROXY = /^\s*(?:(?:global|defaults)\s*(?:#.*)?$|(?:frontend|backend|listen)\s+[\w.:-]+\s*(?:#.*)?$)/m

/** undefined: it has nothing of either, or of both. */
function kindOf(text: string): Wanted | undefined {
  const [keepalived, haproxy] = [OF_KEEPALIVED.test(text), OF_HAPROXY.test(text)]
  if (keepalived === haproxy) return undefined
  return keepalived ? 'keepalived.conf' : 'haproxy.cfg'
}

/** Hand-written keepalived.conf files in a directory and one level below, whatever they are called. */
export function keepalivedFilesIn(directory: string): string[] {
  return globSync('{*.conf,*/*.conf}', { cwd: directory })
    .map((name) => join(directory, name))
    .filter((file) => {
      const found = statSync(file, { throwIfNoEntry: false })
      if (found === undefined || !found.isFile() || found.size > LONGEST_CONFIG) return false
      try {
        return kindOf(readFileSync(file, 'utf8')) === 'keepalived.conf'
      } catch {
        return false
      }
    })
    .sort()
}
