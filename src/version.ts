import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// build.mjs puts the version of package.json into the bundle under this name.
declare const LB_AGENT_VERSION: string | undefined

/** The program's version, as in package.json. */
export function version(): string {
  if (typeof LB_AGENT_VERSION !== 'undefined') return LB_AGENT_VERSION
  return JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')).version
}
