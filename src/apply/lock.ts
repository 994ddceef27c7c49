import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export type Lock = { kind: 'held'; release(): void } | { kind: 'busy'; holder: string }

/**
 * One agent per state directory. The lock is the kernel's (flock(2) on an open file of this process, taken through
 * flock(1) on the inherited descriptor): it ends with the process, however that dies.
 */
export function takeLock(path: string): Lock {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
  const fd = openSync(path, 'a+', 0o640)
  const taken = spawnSync('flock', ['--exclusive', '--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    timeout: 5_000,
  })
  if (taken.status !== 0) {
    const holder = readFileSync(path, 'utf8').trim()
    closeSync(fd)
    if (taken.error !== undefined) throw new Error(`flock (util-linux) is needed for ${path}: ${taken.error.message}`)
    return { kind: 'busy', holder }
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`)
  return { kind: 'held', release: () => closeSync(fd) }
}
