import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'

/** How a child process ended. `stdout` is bytes (git objects are not always text); `stderr` is text. */
export type ExecResult =
  | { kind: 'exited'; code: number; stdout: Buffer; stderr: string }
  | { kind: 'signaled'; signal: NodeJS.Signals; stdout: Buffer; stderr: string }
  | { kind: 'timeout'; timeoutMs: number; stdout: Buffer; stderr: string }
  | { kind: 'flooded'; maxOutputBytes: number; stdout: Buffer; stderr: string }
  | { kind: 'aborted'; stdout: Buffer; stderr: string }
  | { kind: 'missing' | 'unstartable'; file: string; stdout: Buffer; stderr: string }

export type ExecOptions = {
  /** The child and all its descendants in its process group are killed at this deadline. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  cwd?: string
  /** The whole environment of the child; nothing is inherited. Default: PATH and LC_ALL=C. */
  env?: Readonly<Record<string, string>>
  input?: string | Buffer
  /** stdout and stderr together; beyond it the child is killed. Default 16 MiB. */
  maxOutputBytes?: number
}

export const CLEAN_ENV: Readonly<Record<string, string>> = {
  // Daemons live in sbin, which is not on a Debian user's PATH.
  PATH: `${process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`,
  LC_ALL: 'C',
}

/**
 * Runs `file` with a fixed argument list: no shell, a clean environment, its own process group, a deadline and a bound
 * on its output, at a lower priority than the daemons. Never throws, for what the child does or because it cannot be
 * started; see `ExecResult`.
 */
export function exec(file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const maxOutputBytes = options.maxOutputBytes ?? 16 * 1024 * 1024
  return new Promise((resolve) => {
    const started = start(file, args, options)
    if (started.kind !== 'started') return resolve(started)
    const { child } = started
    lowerPriority(child.pid)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let size = 0
    let cause: 'timeout' | 'flooded' | 'aborted' | undefined

    const end = (why: typeof cause): void => {
      if (cause !== undefined) return
      cause = why
      killGroup(child.pid)
      // A descendant in a group of its own may still hold the pipes open; nobody waits for it.
      setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, PIPES_CLOSE_WITHIN_MS).unref()
    }
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length
      if (size > maxOutputBytes) end('flooded')
      else into.push(chunk)
    }
    const timer = setTimeout(() => end('timeout'), options.timeoutMs)
    const onAbort = (): void => end('aborted')
    options.signal?.addEventListener('abort', onAbort, { once: true })
    if (options.signal?.aborted === true) onAbort()

    const finish = (result: ExecResult): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      resolve(result)
    }
    // Before anything else of it: without a descriptor left (EMFILE) there are no pipes, whatever its type says.
    child.on('error', (error) => {
      if (child.pid === undefined) finish(notStarted(file, error))
    })
    child.stdout?.on('data', keep(stdout))
    child.stderr?.on('data', keep(stderr))
    child.on('close', (code, signal) => {
      if (child.pid === undefined) return
      const output = { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }
      if (cause === 'timeout') finish({ kind: 'timeout', timeoutMs: options.timeoutMs, ...output })
      else if (cause === 'flooded') finish({ kind: 'flooded', maxOutputBytes, ...output })
      else if (cause === 'aborted') finish({ kind: 'aborted', ...output })
      else if (signal !== null) finish({ kind: 'signaled', signal, ...output })
      else finish({ kind: 'exited', code: code ?? 0, ...output })
    })
    // A child that ends before it reads its input is reported by its exit code, not by EPIPE.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.input ?? '')
  })
}

type NotStarted = Extract<ExecResult, { kind: 'missing' | 'unstartable' }>

/** Some failures come as an event of the child, others (ENOMEM, E2BIG) are thrown. */
function start(
  file: string,
  args: readonly string[],
  { env = CLEAN_ENV, cwd }: ExecOptions,
): { kind: 'started'; child: ChildProcess } | NotStarted {
  try {
    // A group of its own, so that a deadline also ends the helpers that git starts (git-remote-https, ssh).
    const child = spawn(file, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env,
      ...(cwd === undefined ? {} : { cwd }),
    })
    return { kind: 'started', child }
  } catch (error) {
    return notStarted(file, error as NodeJS.ErrnoException)
  }
}

function notStarted(file: string, { code, message }: NodeJS.ErrnoException): NotStarted {
  const kind = code === 'ENOENT' || code === 'EACCES' ? 'missing' : 'unstartable'
  return { kind, file, stdout: Buffer.alloc(0), stderr: message }
}

const PIPES_CLOSE_WITHIN_MS = 500

/** True when the child ended by itself with exit code 0. */
export function succeeded(result: ExecResult): boolean {
  return result.kind === 'exited' && result.code === 0
}

/** How a child that did not succeed ended, as the end of a sentence: `exit code 128: fatal: …`. */
export function describeFailure(result: ExecResult): string {
  const said = firstLines(result.stderr, 3)
  const tail = said === '' ? '' : `: ${said}`
  switch (result.kind) {
    case 'exited':
      return `exit code ${result.code}${tail}`
    case 'signaled':
      return `ended by ${result.signal}${tail}`
    case 'timeout':
      return `no end within ${result.timeoutMs} ms${tail}`
    case 'flooded':
      return `more than ${result.maxOutputBytes} bytes of output`
    case 'aborted':
      return 'interrupted'
    case 'missing':
      return `${result.file} is not installed or not executable`
    case 'unstartable':
      return `${result.file} cannot be started${tail}`
    default:
      return result satisfies never
  }
}

function firstLines(text: string, count: number): string {
  return text.trim().split('\n').slice(0, count).join(' | ')
}

/** nice(1) of what runs beside the daemons: reading a commit must not take processor time from HAProxy. */
const NICENESS = 10

/** Gives a process the lower priority of what runs beside the daemons. */
export function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, NICENESS)
  } catch {
    // It has ended already.
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}
