import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
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
  /** Where HAProxy may listen while a release moves its health listener; none while the applied release says it. */
  readHealthPorts(): readonly number[]
  writeHealthPorts(ports: readonly number[]): void
  /** Tells `lb-agent check` that the gate is being looked after. Throws when it could not be written. */
  beat(): void
}

/** Now and then a beat needs room for a new file, as the gate will: a full /run is noticed before it matters. */
const REPLACE_EVERY = 10

/**
 * The files that keepalived watches (`track_file`), and what its script reads. Each is replaced by a rename within its directory, which keepalived
 * sees as one change; a file that goes missing reads as 0, which closes the gate (`weight 0 reverse`).
 */
export function createTrackFiles(runtime: string): TrackFiles {
  const gate = join(runtime, RUNTIME.gate)
  const heartbeat = join(runtime, 'heartbeat')
  const healthPorts = join(runtime, RUNTIME.healthPorts)
  let beats = 0
  mkdirSync(dirname(gate), { recursive: true, mode: 0o755 })
  return {
    readGate: () => {
      const value = readNumber(gate)
      return value === undefined ? undefined : value !== 0
    },
    writeGate: (open) => replaceFile(gate, open ? '1\n' : '0\n'),
    readScore: (vip) => readNumber(join(runtime, RUNTIME.score(vip))),
    writeScore: (vip, score) => replaceFile(join(runtime, RUNTIME.score(vip)), `${score}\n`),
    readHealthPorts: () => {
      const words = readOptional(healthPorts).trim().split(' ')
      return words.map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536)
    },
    writeHealthPorts: (ports) => {
      if (ports.length > 0) replaceFile(healthPorts, `${ports.join(' ')}\n`)
      else rmSync(healthPorts, { force: true })
    },
    // The clock of /proc/uptime, which a shell can read without a fork. Setting the time of day does not touch it.
    beat: () => {
      // A gate that could not be closed is not looked after.
      accessSync(dirname(gate), constants.W_OK)
      const text = `${uptime().toFixed(2)}\n`
      beats += 1
      if (beats % REPLACE_EVERY === 1) replaceFile(heartbeat, text)
      else overwrite(heartbeat, text)
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
    // A FIFO without a reader would not let go of us.
    fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    replaceFile(path, text)
    return
  }
  try {
    if (fstatSync(fd).isFile()) writeSync(fd, text)
    else replaceFile(path, text)
  } finally {
    closeSync(fd)
  }
}

function readNumber(path: string): number | undefined {
  const value = Number.parseInt(readOptional(path), 10)
  return Number.isNaN(value) ? undefined : value
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
