import type { FixedWord } from './config.ts'
import type { Statement } from './statements.ts'

/**
 * What keepalived takes at its start alone. A reload of a file that says otherwise it refuses as a whole, and goes on with the old
 * one (2.2.7, reload_config() in core/main.c).
 */
const AT_ROOT: ReadonlySet<string> = new Set(['net_namespace', 'net_namespace_ipvs', 'instance'])
const IN_GLOBAL_DEFS: ReadonlySet<string> = new Set([
  'nftables',
  'nftables_ipvs',
  'tmp_config_directory',
  'disable_local_igmp',
])

/** Those that the file says, by keyword; the first one counts. */
export function readFixed(statements: readonly Statement[]): ReadonlyMap<string, FixedWord> {
  const fixed = new Map<string, FixedWord>()
  const read = (among: readonly Statement[], keywords: ReadonlySet<string>): void => {
    for (const { keyword, at, words } of among)
      if (keywords.has(keyword) && !fixed.has(keyword)) fixed.set(keyword, { value: words[1]?.text ?? '', at })
  }
  read(statements, AT_ROOT)
  for (const { keyword, block } of statements) if (keyword === 'global_defs') read(block, IN_GLOBAL_DEFS)
  return fixed
}
