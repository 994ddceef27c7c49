import { describeFailure, type ExecResult, exec } from '../exec.ts'
import { withAdvice } from './haproxy-exporter.ts'

/** What a daemon says of a file it has not loaded. `refused` is the file's fault, `cannot` is not. */
export type FileCheck = { kind: 'passed' } | { kind: 'refused'; output: string } | { kind: 'cannot'; reason: string }

/** The daemon's program, perhaps behind another one (`ip netns exec NAME keepalived`). */
export type Command = readonly [string, ...string[]]

const CHECK_TIMEOUT_MS = 10_000
const MAX_OUTPUT_BYTES = 256 * 1024

/** `haproxy -c`. A file with warnings passes; it does not prove that the addresses can be bound (HAProxy binds later). */
export async function checkHaproxyFile(command: Command, file: string, signal?: AbortSignal): Promise<FileCheck> {
  const result = await run(command, ['-c', '-f', file], signal)
  if (result.kind === 'exited' && result.code === 0) return { kind: 'passed' }
  if (result.kind === 'exited')
    return { kind: 'refused', output: withAdvice(complaints(result, /\[(?:ALERT|WARNING|NOTICE)\]/, file)) }
  return { kind: 'cannot', reason: `haproxy -c: ${describeFailure(result)}` }
}

/**
 * `keepalived -t`. Only exit code 0 passes: 5 also stands for a dropped tracker or a truncated value, which would leave
 * an instance unguarded. Needs the node's interfaces, so it is meant for the node itself (or a namespace made like it).
 */
export async function checkKeepalivedFile(command: Command, file: string, signal?: AbortSignal): Promise<FileCheck> {
  const result = await run(command, ['-t', '-f', file], signal)
  if (result.kind === 'exited' && result.code === 0) return { kind: 'passed' }
  if (result.kind === 'exited') {
    const output = complaints(result, /\S/, file)
    // Only root may look at a script as root. Any other caller, such as lb-agent's user, gets exit code 5 and this line for
    // each script that runs as root (2.2.7, check_script_secure), and the rest of the file is checked nevertheless.
    const notRoot = result.code === 5 && process.getuid?.() !== 0
    if (notRoot && output.split('\n').every((line) => /^Disabling track script \S+ due to insecure$/.test(line)))
      return { kind: 'passed' }
    return { kind: 'refused', output }
  }
  // keepalived before 2.2.8 ends its own check with SIGTERM when a script runs as another user than the caller (its
  // issue #2617). What it found before is on stderr.
  if (result.kind === 'signaled' && result.signal === 'SIGTERM' && process.getuid?.() !== 0) {
    const output = complaints(result, /\S/, file)
    return output === '' ? { kind: 'passed' } : { kind: 'refused', output }
  }
  return { kind: 'cannot', reason: `keepalived -t: ${describeFailure(result)}` }
}

function run(
  [program, ...before]: Command,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ExecResult> {
  return exec(program, [...before, ...args], { timeoutMs: CHECK_TIMEOUT_MS, signal, maxOutputBytes: MAX_OUTPUT_BYTES })
}

/** The daemon's own lines that say something, without its time stamps, with the file named as the operator knows it. */
function complaints(result: ExecResult, worth: RegExp, file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const lines = `${result.stderr}\n${result.stdout.toString('utf8')}`
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\[NOTICE\].*(?:version is|path to executable)/.test(line))
  const telling = lines.filter((line) => worth.test(line))
  return (telling.length > 0 ? telling : lines)
    .map((line) =>
      line
        .replaceAll(file, name)
        .replace(/^\[(\w+)\]\s+\(\d+\) : (?:config : )?/, '')
        .trim(),
    )
    .slice(0, 12)
    .join('\n')
}
