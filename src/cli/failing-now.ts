import { readFileSync } from 'node:fs'
import type { TrackFileConfig } from '../keepalived-config/config.ts'

/**
 * Names of the files that would put an instance into FAULT as soon as it follows them, as they are on this machine; those below
 * `runtime` are the agent's. With weight 0 anything but 0 does, with `reverse` 0 does, and one that is missing is read as 0 (2.2.7,
 * trackers/track_file.c).
 */
export function failingNow(trackFiles: readonly TrackFileConfig[], runtime: string): ReadonlySet<string> {
  const foreign = trackFiles.filter(({ file, weight }) => weight === 0 && !file.startsWith(`${runtime}/`))
  return new Set(
    foreign
      .filter(({ file, reverse, initValue }) => ((valueIn(file) ?? initValue ?? 0) !== 0) !== reverse)
      .map(({ name }) => name),
  )
}

/** undefined: the file is not there, or cannot be read. */
function valueIn(file: string): number | undefined {
  try {
    const value = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return Number.isNaN(value) ? 0 : value
  } catch {
    return undefined
  }
}
