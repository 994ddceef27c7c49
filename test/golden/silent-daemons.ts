import type { DaemonChecks } from '../../src/check-node.ts'
import { type Command, checkHaproxyFile, checkKeepalivedFile, type FileCheck } from '../../src/daemons/check-file.ts'
import { exec } from '../../src/exec.ts'

/** What `checkNode` answers for files that both daemons accept without a word. */
export const ACCEPTED_IN_SILENCE: DaemonChecks = {
  problems: [],
  haproxy: { kind: 'passed' },
  keepalived: { kind: 'passed' },
}

/** The daemons for `checkNode`, with whatever they say of a file that they accept taken for a refusal. */
export const inSilence = {
  haproxy: async (command: Command, file: string): Promise<FileCheck> => {
    const check = await checkHaproxyFile(command, file)
    return check.kind === 'passed' ? refusedIf(await said(command, ['-c', '-f', file], /\[WARNING\]/)) : check
  },
  keepalived: async (command: Command, file: string): Promise<FileCheck> => {
    const check = await checkKeepalivedFile(command, file)
    return check.kind === 'passed' ? refusedIf(await said(command, ['-t', '-f', file], /\S/)) : check
  },
}

async function said([program, ...before]: Command, args: readonly string[], worth: RegExp): Promise<string> {
  const result = await exec(program, [...before, ...args], { timeoutMs: 10_000 })
  const lines = `${result.stderr}\n${result.stdout.toString('utf8')}`.split('\n')
  return lines.filter((line) => worth.test(line)).join('\n')
}

function refusedIf(output: string): FileCheck {
  return output === '' ? { kind: 'passed' } : { kind: 'refused', output }
}
