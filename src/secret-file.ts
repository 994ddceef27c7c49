import { readFileSync } from 'node:fs'

/**
 * A secret of agent.yaml (`{ file: /path }`), read anew each time, so that it can be changed without a restart. Throws what
 * the file system says, or that the file holds something else than one line of printable ASCII; never with the secret in it.
 */
export function readSecret(what: string, file: string): string {
  const value = readFileSync(file, 'utf8').trim()
  if (/^[\x20-\x7e]{1,8000}$/.test(value)) return value
  throw new Error(`${what}: ${file} does not hold one line of printable ASCII`)
}
