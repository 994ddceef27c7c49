import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { uptime } from 'node:os'
import { dirname, join } from 'node:path'
import { RUNTIME } from '../render/render-target.ts'
import { replaceFile } from '../write-file.ts'

export type TrackFiles = {
  /** What the gate says now; undefined when there is no readable gate. */
  readGate(): boolean | undefined
  writeGate(open: boolean): void
  readScore(vip: string): number | undefined
  writeScore(vip: string, score: number): void
  /** Tells `lb-agent check` that the gate is being looked after. Throws when it could not be written. */
  beat(): void
}

/**
 * The files that keepalived watches (`track_file`). Each is replaced by a rename within its directory, which keepalived
 * sees as one change; a file that goes missing reads as 0, which closes the gate (`weight 0 reverse`).
 */
export function createTrackFiles(runtime: string): TrackFiles {
  const gate = join(runtime, RUNTIME.gate)
  const heartbeat = join(runtime, 'heartbeat')
  mkdirSync(dirname(gate), { recursive: true, mode: 0o755 })
  return {
    readGate: () => {
      const value = readNumber(gate)
      return value === undefined ? undefined : value !== 0
    },
    writeGate: (open) => replaceFile(gate, open ? '1\n' : '0\n'),
    readScore: (vip) => readNumber(join(runtime, RUNTIME.score(vip))),
    writeScore: (vip, score) => replaceFile(join(runtime, RUNTIME.score(vip)), `${score}\n`),
    // The clock of /proc/uptime, which a shell can read without a fork. Setting the time of day does not touch it.
    beat: () => {
      // A gate that could not be closed is not looked after.
      accessSync(dirname(gate), constants.W_OK)
      overwrite(heartbeat, `${uptime().toFixed(2)}\n`)
    },
  }
}

/**
 * In its place, twice a second for years: a rename costs ten times as much on a disk. Whoever reads in between sees old
 * and new digits mixed, takes the beat for an old one, and asks HAProxy itself.
 */
function overwrite(path: string, text: string): void {
  let fd: number
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
  } catch {
    replaceFile(path, text)
    return
  }
  try {
    writeSync(fd, text)
  } finally {
    closeSync(fd)
  }
}

function readNumber(path: string): number | undefined {
  try {
    const value = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isNaN(value) ? undefined : value
  } catch {
    return undefined
  }
}
