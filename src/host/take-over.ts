import { CLEAN_ENV, describeFailure, exec, succeeded } from '../exec.ts'
import type { Program } from '../program.ts'
import type { Trial } from './program-watch.ts'

/** The first start from an extension that was merged just now takes half a second (measured), on a slow disk more. */
const TRIAL_WITHIN_MS = 15_000
const VERSION = /^\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,40}$/

/** Starts the program on the disk as the agent would be, up to where it would begin to change something. */
export async function tryProgram({ launcher }: Program, runArgs: readonly string[]): Promise<Trial> {
  const { LB_AGENT_NODE: node } = process.env
  const result = await exec(launcher, [...runArgs, '--trial'], {
    timeoutMs: TRIAL_WITHIN_MS,
    env: { ...CLEAN_ENV, ...(node === undefined ? {} : { LB_AGENT_NODE: node }) },
    maxOutputBytes: 64 * 1024,
  })
  if (!succeeded(result)) return { kind: 'unfit', reason: describeFailure(result) }
  const version = result.stdout.toString('utf8').trim()
  return VERSION.test(version)
    ? { kind: 'fit', version }
    : { kind: 'unfit', reason: `it does not say its version, but ${JSON.stringify(version.slice(0, 80))}` }
}

/**
 * This process becomes the program on the disk: pid, parent, environment and children stay, so that systemd sees no end
 * and a container none of its first process. Everything else, open files and the lock among them, ends as with a death.
 * Does not return; Node (24) ends with a core dump's exit code when the launcher cannot be executed.
 */
export function becomeProgram({ launcher }: Program, runArgs: readonly string[]): never {
  if (process.execve === undefined) throw new Error('this Node.js has no process.execve')
  return process.execve(launcher, [launcher, ...runArgs], process.env)
}
