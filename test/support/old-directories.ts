import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { importDirectory } from '../../src/import/import-directory.ts'

export type Files = Readonly<Record<string, string>>

/** Directories of old files below a temporary one, `work`, which `remove` removes with all of them. */
export function oldDirectories() {
  const work = mkdtempSync(join(tmpdir(), 'lb-agent-import-'))
  const directoryWith = (name: string, files: Files): string => {
    const directory = join(work, name)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text)
    }
    return directory
  }
  /** What an import makes of such files, which must be an lb.yaml. */
  const imported = (name: string, files: Files) => {
    const result = importDirectory(directoryWith(name, files), {})
    assert.ok(result.kind === 'imported', JSON.stringify(result))
    return result
  }
  return { work, directoryWith, imported, remove: () => rmSync(work, { recursive: true }) }
}
