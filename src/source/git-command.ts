import { dirname } from 'node:path'
import { CLEAN_ENV, type ExecResult, exec } from '../exec.ts'
import type { Address } from './address.ts'
import { sshCommand } from './ssh-command.ts'

export type GitOptions = {
  timeoutMs: number
  signal?: AbortSignal | undefined
  input?: string
  maxOutputBytes?: number
}

/** Runs git with the repository `directory`; `undefined` means no repository at all. */
export type Git = (directory: string | undefined, args: readonly string[], options: GitOptions) => Promise<ExecResult>

// Each of these either runs a command of somebody's choice, asks a person, or loosens what a remote may send.
// facts/reliability-security.md §2.1.
const CONFIG = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.fsync=all',
  'transfer.fsckObjects=true',
  'gc.auto=0',
  'maintenance.auto=false',
  'credential.helper=',
  'http.followRedirects=false',
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=20',
  'protocol.version=2',
]

/**
 * The system's git, closed off: fixed options, no user or system configuration, only the protocol of `address`. `before`:
 * words of a command that runs it as somebody else.
 */
export function createGit(options: {
  home: string
  address: Address
  sshDirectory: string
  before?: readonly string[]
}): Git {
  const { home, address, sshDirectory, before = [] } = options
  return (directory, args, run) => {
    const where = directory === undefined ? [] : [`--git-dir=${directory}`]
    const config = CONFIG.flatMap((setting) => ['-c', setting])
    const [file = 'git', ...words] = [...before, 'git', ...where, ...config, ...args]
    return exec(file, words, { ...run, cwd: home, env: gitEnv(home, address, sshDirectory) })
  }
}

/** The whole environment of a git child. */
export function gitEnv(home: string, address: Address, sshDirectory: string): Record<string, string> {
  return {
    ...CLEAN_ENV,
    LC_ALL: 'C',
    HOME: home,
    GIT_CEILING_DIRECTORIES: dirname(home),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: address.protocol,
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    ...(address.protocol === 'ssh' ? { GIT_SSH_COMMAND: sshCommand(sshDirectory), GIT_SSH_VARIANT: 'ssh' } : {}),
    ...authorizationEnv(address),
  }
}

// Through the environment, because every local user can read an argument list in /proc.
function authorizationEnv(address: Address): Record<string, string> {
  if (address.authorization === undefined) return {}
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${address.authorization.origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: address.authorization.header,
  }
}
