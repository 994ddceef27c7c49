import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { writeDurably } from '../write-file.ts'
import { type MendStep, SYSCTL_FILE, withSetting } from './verdicts/mend.ts'

export type Performed = { kind: 'done' } | { kind: 'failed'; reason: string }

/** `systemctl restart lb-agent` waits for a start of at most 60 s and a stop of 10 s (lb-agent.service). */
const ENDS_WITHIN_MS = 80_000

/** Does one step of a mend, to its end. Never throws. */
export async function perform(step: MendStep): Promise<Performed> {
  try {
    return await performStep(step)
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message }
  }
}

async function performStep(step: MendStep): Promise<Performed> {
  switch (step.kind) {
    case 'run': {
      const [file, ...words] = step.argv
      const result = await exec(file, words, { timeoutMs: ENDS_WITHIN_MS })
      return succeeded(result) ? { kind: 'done' } : { kind: 'failed', reason: describeFailure(result) }
    }
    case 'write':
      await put(step.path, step.lines.map((line) => `${line}\n`).join(''))
      return { kind: 'done' }
    case 'sysctl': {
      const before = await readFile(SYSCTL_FILE, 'utf8').catch(absent)
      await put(SYSCTL_FILE, withSetting(before, step.key, step.value))
      await writeFile(join('/proc/sys', step.key), step.value)
      return { kind: 'done' }
    }
    default:
      return step satisfies never
  }
}

async function put(path: string, data: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeDurably(path, data, 0o644)
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
