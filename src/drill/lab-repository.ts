import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CLEAN_ENV, describeFailure, exec, succeeded } from '../exec.ts'

/** A bare git repository of the lab that agents pull from. */
export type LabRepository = {
  url: string
  /** Adds a commit with these files on top of `main` and returns its name. */
  commit(files: Readonly<Record<string, string>>, message: string): Promise<string>
}

/** Makes the repository below `directory`, with nothing in it. */
export async function createLabRepository(directory: string): Promise<LabRepository> {
  const bare = join(directory, 'config.git')
  await git(directory, ['init', '--quiet', '--bare', '--initial-branch=main', bare])
  return {
    url: `file://${bare}`,
    commit: async (files, message) => {
      const work = mkdtempSync(join(directory, 'commit-'))
      try {
        await git(directory, ['clone', '--quiet', bare, work])
        for (const [name, text] of Object.entries(files)) {
          mkdirSync(dirname(join(work, name)), { recursive: true })
          writeFileSync(join(work, name), text)
        }
        await git(work, ['add', '--all'])
        await git(work, ['commit', '--quiet', '--allow-empty', `--message=${message}`])
        await git(work, ['push', '--quiet', 'origin', 'HEAD:main'])
        return (await git(work, ['rev-parse', 'HEAD'])).trim()
      } finally {
        rmSync(work, { recursive: true, force: true })
      }
    },
  }
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  const person = { NAME: 'lab', EMAIL: 'lab@lb-agent.invalid' }
  const env = {
    ...CLEAN_ENV,
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
  }
  const result = await exec('git', args, { timeoutMs: 20_000, cwd, env })
  if (!succeeded(result)) throw new Error(`git ${args[0]}: ${describeFailure(result)}`)
  return result.stdout.toString('utf8')
}
