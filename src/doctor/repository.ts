import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { exec, succeeded } from '../exec.ts'
import { parseAddress } from '../source/address.ts'
import { explainRemoteFailure, quoteFailure } from '../source/fetch-failure.ts'
import { createGit } from '../source/git-command.ts'
import { uploadPack } from '../source/mirror.ts'
import { isPrivateKey } from '../source/ssh-command.ts'
import type { Check } from './check.ts'
import { type Examined, sshDirectoryOf } from './examined.ts'
import { type Answered, hostKeyVerdict, keyVerdict, reachVerdict } from './verdicts/repository.ts'
import { AS_ROOT, cannotTell, problem, type Verdict } from './verdicts/verdict.ts'

// ssh gives a server 10 s (source/ssh-command.ts).
const ASKS_WITHIN_MS = 12_000

export const REPOSITORY_CHECKS: readonly Check[] = [
  { family: 'repository', name: 'reachable', withinMs: ASKS_WITHIN_MS + 1_000, look: lookAtRemote },
  { family: 'repository', name: 'host key', look: lookForHostKey },
  {
    family: 'repository',
    name: 'ssh keys',
    look: async ({ config, agent }) => {
      const { user } = agent
      if (user === undefined) return {}
      const directory = sshDirectoryOf(config)
      const names = existsSync(directory) ? readdirSync(directory) : []
      const keys = names.filter(isPrivateKey)
      return Object.fromEntries(
        keys.map((name) => {
          const { mode, uid } = statSync(join(directory, name))
          return [`ssh key ${name}`, keyVerdict({ path: join(directory, name), mode, owner: uid }, user, agent.as)]
        }),
      )
    },
  },
]

async function lookAtRemote({ config, agent }: Examined, signal: AbortSignal): Promise<Record<string, Verdict>> {
  const { url, branch } = config.repository
  const address = parseAddress(url)
  if (address.kind === 'refused') return { reachable: problem(`${address.reason}.`, 'repository.url in agent.yaml') }
  const ask = async (): Promise<Answered> => {
    if (agent.as === undefined) return { kind: 'not asked' }
    // A directory that is not there would look like a git that is not.
    const home = existsSync(config.paths.state) ? config.paths.state : '/'
    const git = createGit({ home, address, sshDirectory: sshDirectoryOf(config), before: agent.as })
    const words = ['ls-remote', '--exit-code', ...uploadPack(address), address.url, `refs/heads/${branch}`]
    const result = await git(undefined, words, { timeoutMs: ASKS_WITHIN_MS, signal })
    if (succeeded(result)) return { kind: 'branch', sha: result.stdout.toString('utf8').split('\t')[0] ?? '' }
    // git-ls-remote(1), --exit-code: 2 when no matching refs are found.
    if (result.kind === 'exited' && result.code === 2) return { kind: 'no-branch' }
    return { kind: 'failed', reason: explainRemoteFailure(result, address) ?? quoteFailure(result, address) }
  }
  return { reachable: reachVerdict(await ask(), { url: address.display, branch }) }
}

async function lookForHostKey({ config, agent }: Examined, signal: AbortSignal): Promise<Record<string, Verdict>> {
  const address = parseAddress(config.repository.url)
  if (address.kind === 'refused' || address.protocol !== 'ssh') return {}
  const host = knownHostOf(address.url)
  const own = join(sshDirectoryOf(config), 'known_hosts')
  if (agent.as === undefined || agent.user === undefined)
    return { 'host key': cannotTell(`The known_hosts of user ${agent.userName} is not ours to read.`, AS_ROOT) }
  // With one of its own no other is read (source/ssh-command.ts).
  const looked = existsSync(own) ? [own] : [own, join(agent.user.home, '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts']
  for (const file of looked.filter((path) => existsSync(path))) {
    const found = await exec('ssh-keygen', ['-F', host, '-f', file], { timeoutMs: 3_000, signal })
    if (succeeded(found)) return { 'host key': hostKeyVerdict(host, { inFile: file, looked, addTo: own }) }
  }
  return { 'host key': hostKeyVerdict(host, { inFile: undefined, looked, addTo: own }) }
}

/** As known_hosts writes it: `host`, or `[host]:port` for another port than 22. */
export function knownHostOf(url: string): string {
  if (!url.startsWith('ssh://')) return /@([^:]+):/.exec(url)?.[1] ?? url
  const { hostname, port } = new URL(url)
  const name = hostname.replace(/^\[|\]$/g, '')
  return port === '' || port === '22' ? name : `[${name}]:${port}`
}
