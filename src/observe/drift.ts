import { readFileSync } from 'node:fs'
import { watch } from 'chokidar'
import type * as z from 'zod'
import type { driftSchema } from '../report/status-schema.ts'

/** A live file that differs from the applied release. */
export type Drift = z.infer<typeof driftSchema>

export type DriftWatch = {
  /** Contents that the files should have; nothing is drift before the first call. */
  expect(contents: ReadonlyMap<string, string>): void
  drifts(): readonly Drift[]
  /** Since the last look; undefined before the first. */
  ageMs(): number | undefined
  close(): Promise<void>
}

/** Follows edits of the live files. It reports; it never writes them back by itself. */
export function watchDrift(paths: readonly string[], options: { onChange(): void }): DriftWatch {
  let expected: ReadonlyMap<string, string> = new Map()
  let drifts: readonly Drift[] = []
  let lookedAt: number | undefined

  const look = (): void => {
    const before = JSON.stringify(drifts)
    drifts = [...expected].flatMap(([file, content]): Drift[] => {
      const found = readOptional(file)
      if (found === content) return []
      return [{ file, what: found === undefined ? 'missing' : 'changed' }]
    })
    lookedAt = performance.now()
    if (JSON.stringify(drifts) !== before) options.onChange()
  }
  const watcher = watch([...paths], { ignoreInitial: true })
  watcher.on('all', look)
  // A directory that vanishes takes its watch with it; a slow look catches what events miss.
  const timer = setInterval(look, 5_000)
  return {
    expect: (contents) => {
      expected = contents
      look()
    },
    drifts: () => drifts,
    ageMs: () => (lookedAt === undefined ? undefined : Math.round(performance.now() - lookedAt)),
    close: async () => {
      clearInterval(timer)
      await watcher.close()
    },
  }
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
