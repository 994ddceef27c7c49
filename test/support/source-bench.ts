import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createSource, type Source, type SourceOptions } from '../../src/source/source.ts'
import { createRepository, type Repository } from './repo.ts'

/** A repository, and a source that reads it with a mirror of its own; both go away when the test ends. */
export type SourceBench = {
  repository: Repository
  source: Source
  /** The state directory that holds the mirror. */
  state: string
  mirror: string
  /** Another source with the same mirror. */
  sourceWith(changes: Partial<SourceOptions>): Source
}

export function sourceBench(t: TestContext, options: { objectFormat?: 'sha1' | 'sha256' } = {}): SourceBench {
  const repository = createRepository(options)
  const state = mkdtempSync(join(tmpdir(), 'lb-agent-state-'))
  t.after(() => {
    repository.close()
    rmSync(state, { recursive: true, force: true })
  })
  const mirror = join(state, 'mirror.git')
  const sourceWith = (changes: Partial<SourceOptions>): Source =>
    createSource({
      url: repository.url,
      branch: 'main',
      path: '.',
      mirror,
      fetchTimeoutMs: 20_000,
      now: () => Date.now(),
      ...changes,
    })
  return { repository, source: sourceWith({}), state, mirror, sourceWith }
}

/** Processes whose argument list or environment names `text`, other than this one. */
export function processesNaming(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter(
      (pid) => readQuietly(`/proc/${pid}/cmdline`).includes(text) || readQuietly(`/proc/${pid}/environ`).includes(text),
    )
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
