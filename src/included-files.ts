import { globSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Included } from './keepalived-config/read-lines.ts'

/**
 * The files of an `include` in a keepalived.conf: keepalived takes a pattern from the directory of the file that it is in, and passes
 * over what it cannot read. `read` gives undefined for such a file.
 */
export function includedFiles(pattern: string, from: string, read: (file: string) => string | undefined): Included[] {
  return globSync(resolve(dirname(from), pattern)).flatMap((name) => {
    const text = read(name)
    return text === undefined ? [] : [{ name, text }]
  })
}
