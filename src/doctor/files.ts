import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exec } from '../exec.ts'
import { statsSocketOf } from '../render/render-target.ts'
import type { Check } from './check.ts'
import type { Agent, Examined } from './examined.ts'
import { type Access, directoryVerdict, diskVerdict, statsSocketVerdict } from './verdicts/files.ts'
import type { Verdict } from './verdicts/verdict.ts'

export const FILE_CHECKS: readonly Check[] = [
  {
    family: 'files',
    name: 'directories',
    look: async ({ config, agent }, signal) => {
      const { state, runtime, haproxyConfig, keepalivedConfig } = config.paths
      const runs = { user: agent.userName, supervisor: config.supervisor }
      const paths = [...new Set([state, runtime, dirname(haproxyConfig), dirname(keepalivedConfig)])]
      const verdicts = paths.map(
        async (path) => [path, directoryVerdict(path, runs, await accessOf(path, agent, signal))] as const,
      )
      return Object.fromEntries(await Promise.all(verdicts))
    },
  },
  { family: 'files', name: 'stats socket', look: lookAtStatsSocket },
  {
    family: 'files',
    name: 'disk space',
    look: async ({ config: { paths } }) => {
      const there = (['state', 'runtime'] as const).filter((which) => existsSync(paths[which]))
      const verdicts = there.map(async (which) => [`disk space (${which})`, await diskOf(which, paths[which])] as const)
      return Object.fromEntries(await Promise.all(verdicts))
    },
  },
]

async function lookAtStatsSocket({ config, agent }: Examined, signal: AbortSignal): Promise<Record<string, Verdict>> {
  const path = statsSocketOf(config)
  const usable = await mayWrite(path, agent, signal)
  const names = { user: agent.userName, supervisor: config.supervisor, group: config.haproxy.group }
  return { 'stats socket': statsSocketVerdict(path, { exists: existsSync(path), usable }, names) }
}

async function accessOf(path: string, agent: Agent, signal: AbortSignal): Promise<Access> {
  const exists = existsSync(path)
  if (!exists) return { exists, here: 'unknown', inAgent: 'unknown' }
  const root = `/proc/${agent.pid}/root`
  // Only root and the agent's own user may look through there.
  const seen = agent.pid !== undefined && existsSync(`${root}${path}`)
  return {
    exists,
    here: await mayWrite(path, agent, signal),
    inAgent: seen ? await mayWrite(`${root}${path}`, agent, signal) : 'unknown',
  }
}

/** access(2) as the agent's user: permissions, groups and read-only file systems. */
async function mayWrite(path: string, { as }: Agent, signal: AbortSignal): Promise<'yes' | 'no' | 'unknown'> {
  if (as === undefined) return 'unknown'
  const [file = 'test', ...words] = [...as, 'test', '-w', path]
  const result = await exec(file, words, { timeoutMs: 3_000, signal })
  if (result.kind !== 'exited' || result.code > 1) return 'unknown'
  return result.code === 0 ? 'yes' : 'no'
}

async function diskOf(which: 'state' | 'runtime', path: string): Promise<Verdict> {
  const { bavail, bsize, ffree, files } = await statfs(path)
  return diskVerdict(which, path, { mib: Math.floor((bavail * bsize) / 2 ** 20), files: ffree, allFiles: files })
}
