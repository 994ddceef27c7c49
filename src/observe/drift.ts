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
    const seen = [...expected].map(([file, content]) => compare(file, content))
    // Then nothing is known: what was seen last stays, and grows old.
    if (seen.includes('hidden')) return
    drifts = [...expected.keys()].flatMap((file, index): Drift[] => {
      const what = seen[index]
      return what === 'missing' || what === 'changed' ? [{ file, what }] : []
    })
    lookedAt = performance.now()
    if (JSON.stringify(drifts) !== before) options.onChange()
  }
  const watcher = watch([...paths], { ignoreInitial: true })
  watcher.on('all', look)
  // Such as no inotify instance left (EMFILE, fs.inotify.max_user_instances): then the slow look is what there is.
  watcher.on('error', () => undefined)
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

/** `hidden`: this process had no descriptor to look with. */
function compare(file: string, content: string): 'same' | 'missing' | 'changed' | 'hidden' {
  try {
    return readFileSync(file, 'utf8') === content ? 'same' : 'changed'
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    return ['EMFILE', 'ENFILE'].includes(code) ? 'hidden' : 'missing'
  }
}
