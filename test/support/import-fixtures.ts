import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Imported, importDirectory } from '../../src/import/import-directory.ts'

/** Clusters as people have them: in each directory `project`, and `expected-lb.yaml`. */
export const IMPORT_FIXTURES = join(import.meta.dirname, '../fixtures/import')

export function importFixtures(): string[] {
  return readdirSync(IMPORT_FIXTURES)
}

export function importFixture(name: string): Extract<Imported, { kind: 'imported' }> {
  const imported = importDirectory(join(IMPORT_FIXTURES, name, 'project'), { cluster: name })
  if (imported.kind !== 'imported') throw new Error(`${name}: ${JSON.stringify(imported)}`)
  return imported
}
