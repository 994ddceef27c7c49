import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const OPTIONS = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'UpdateHostKeys=no',
  'ConnectTimeout=10',
  'ServerAliveInterval=5',
  'ServerAliveCountMax=3',
  // A control master would outlive the fetch and leave its process group.
  'ControlMaster=no',
  'ControlPath=none',
  'ForwardAgent=no',
  'ForwardX11=no',
  'ClearAllForwardings=yes',
  'PermitLocalCommand=no',
]

/**
 * The `GIT_SSH_COMMAND`: never asks, never learns a host key. When `sshDirectory` holds `id_*` or `known_hosts`, only
 * these are used and no ssh configuration is read; otherwise ssh's own defaults for the user that runs the agent.
 */
export function sshCommand(sshDirectory: string): string {
  const options = [...OPTIONS]
  const { keys, knownHosts } = sshFiles(sshDirectory)
  const own = keys.length > 0 || knownHosts !== undefined
  if (knownHosts !== undefined)
    options.push(`UserKnownHostsFile=${sshValue(knownHosts)}`, 'GlobalKnownHostsFile=/dev/null')
  if (keys.length > 0) options.push('IdentitiesOnly=yes', ...keys.map((key) => `IdentityFile=${sshValue(key)}`))
  return ['ssh', ...(own ? ['-F', 'none'] : []), ...options.flatMap((option) => ['-o', shellWord(option)])].join(' ')
}

function sshFiles(directory: string): { keys: string[]; knownHosts: string | undefined } {
  const names = existsSync(directory) ? readdirSync(directory).sort() : []
  const keys = names.filter(isPrivateKey)
  return {
    keys: keys.map((name) => join(directory, name)),
    knownHosts: names.includes('known_hosts') ? join(directory, 'known_hosts') : undefined,
  }
}

/** Of a file in the ssh directory, by its name. */
export function isPrivateKey(name: string): boolean {
  return name.startsWith('id_') && !name.endsWith('.pub')
}

// ssh_config(5): values with spaces are quoted, `%` begins a token.
function sshValue(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`
}

// git hands GIT_SSH_COMMAND to a shell.
function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
