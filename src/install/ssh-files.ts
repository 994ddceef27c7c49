import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cleanText } from '../clean-text.ts'
import { knownHostOf } from '../doctor/repository.ts'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Address } from '../source/address.ts'
import { isPrivateKey } from '../source/ssh-command.ts'
import { planHostKey } from './host-key.ts'
import type { InstallOptions, Obstacle } from './options.ts'

/** What will be in the agent's ssh directory, staged in one that only root sees, so that it can be tried first. */
export type SshFiles = {
  /** Files that are new, with their contents. */
  added: readonly { name: string; content: string; what: string }[]
  /** A new key among them, which nobody can have allowed to read anything yet: its public half. */
  newKey: string | undefined
  /** Public halves of all keys that are there then. */
  publicKeys: readonly string[]
}

export type SshPlan = { kind: 'files'; files: SshFiles } | { kind: 'obstacles'; obstacles: Obstacle[] }

type SshOptions = Pick<InstallOptions, 'key' | 'newKey' | 'hostKey'>

const NO_FILES: SshPlan = { kind: 'files', files: { added: [], newKey: undefined, publicKeys: [] } }
const WORKS_WITHIN_MS = 5_000

/**
 * `directory`: the agent's own, perhaps not there yet; `staged`: an empty one, for root alone, perhaps not there either. Changes
 * nothing but `staged`. No files where the repository is not read by ssh.
 */
export async function planSshFiles(
  paths: { directory: string; staged: string },
  address: Address,
  options: SshOptions,
  signal: AbortSignal,
): Promise<SshPlan> {
  if (address.protocol !== 'ssh') {
    const obstacle = optionsInVain(address, options)
    return obstacle === undefined ? NO_FILES : { kind: 'obstacles', obstacles: [obstacle] }
  }
  const { url } = address
  const { directory, staged } = paths
  await mkdir(staged, { recursive: true, mode: 0o700 })
  const there = await namesIn(directory)
  for (const name of there) await copyPrivately(join(directory, name), join(staged, name))
  const knownHosts = { staged: join(staged, 'known_hosts'), file: join(directory, 'known_hosts') }
  const host = knownHostOf(url)
  const [key, pin] = await Promise.all([
    planKey(staged, there.filter(isPrivateKey), url, options, signal),
    planHostKey(host, knownHosts, options.hostKey, signal),
  ])
  const obstacles = [key, pin].flatMap((planned) => (planned.kind === 'obstacle' ? [planned.obstacle] : []))
  if (key.kind === 'obstacle' || pin.kind === 'obstacle') return { kind: 'obstacles', obstacles }
  const pinned =
    pin.kind === 'pin'
      ? [{ name: 'known_hosts', content: pin.content, what: `host key ${pin.fingerprint} of ${host}` }]
      : []
  for (const { name, content } of pinned) await writeFile(join(staged, name), content, { mode: 0o600 })
  return { kind: 'files', files: { ...key, added: [...key.added, ...pinned] } }
}

/** Whoever gives one of them takes the repository for one that ssh reads, and would look for the fault elsewhere. */
function optionsInVain({ protocol, display }: Address, { key, newKey, hostKey }: SshOptions): Obstacle | undefined {
  const given = [
    ...(key === undefined ? [] : ['--key']),
    ...(newKey ? ['--new-key'] : []),
    ...(hostKey === undefined ? [] : ['--host-key']),
  ]
  if (given.length === 0) return undefined
  const [are, them] = given.length === 1 ? ['is', 'it'] : ['are', 'them']
  return {
    what: `${given.join(' and ')} ${are} for a repository that is read by ssh, and ${display} is ${protocol === 'file' ? 'a directory of this host' : 'read by https, without a key'}`,
    fix: `leave ${them} out, or name the repository as ssh reads it: --repo ssh://… or user@host:path`,
  }
}

type Planned = ({ kind: 'keys' } & SshFiles) | { kind: 'obstacle'; obstacle: Obstacle }

async function planKey(
  staged: string,
  there: readonly string[],
  url: string,
  { key, newKey }: SshOptions,
  signal: AbortSignal,
): Promise<Planned> {
  if (key !== undefined) return copyKey(staged, key, signal)
  if (there.length > 0) return keysThere(staged, there, signal)
  if (newKey) return makeKey(staged, signal)
  return obstacle(
    `${cleanText(url)} is read by ssh, and the agent has no key`,
    '--key FILE takes one of yours (without a passphrase), --new-key makes a deploy key and shows its public half',
  )
}

async function keysThere(staged: string, names: readonly string[], signal: AbortSignal): Promise<Planned> {
  const read = await Promise.all(names.map((name) => readKey(join(staged, name), signal)))
  // One that is of no use is passed over by ssh as well.
  const publicKeys = read.flatMap((key) => (key.kind === 'key' ? [key.publicKey] : []))
  return { kind: 'keys', added: [], newKey: undefined, publicKeys }
}

async function makeKey(staged: string, signal: AbortSignal): Promise<Planned> {
  const name = 'id_ed25519'
  const words = ['-q', '-t', 'ed25519', '-N', '', '-C', 'lb-agent', '-f', join(staged, name)]
  const made = await exec('ssh-keygen', words, { timeoutMs: WORKS_WITHIN_MS, signal })
  if (!succeeded(made))
    return obstacle(`ssh-keygen: ${describeFailure(made)}`, 'make a key by hand and give it as --key FILE')
  const content = await readFile(join(staged, name), 'utf8')
  const publicKey = await readFile(join(staged, `${name}.pub`), 'utf8')
  const added = [
    { name, content, what: 'a new deploy key' },
    { name: `${name}.pub`, content: publicKey, what: 'its public half' },
  ]
  return { kind: 'keys', added, newKey: publicKey.trim(), publicKeys: [publicKey.trim()] }
}

async function copyKey(staged: string, key: string, signal: AbortSignal): Promise<Planned> {
  let content: string
  try {
    content = await readFile(key, 'utf8')
  } catch (error) {
    return obstacle(`${key} cannot be read: ${(error as Error).message}`, '--key takes the file of a private key')
  }
  if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(content))
    return obstacle(`${key} is no private key`, '--key takes the file of a private key (not the .pub beside it)')
  const kind = /(?:^|\/)id_([A-Za-z0-9_-]+)$/.exec(key)?.[1] ?? 'deploy'
  const name = `id_${kind}`
  const before = await readFile(join(staged, name), 'utf8').catch(() => undefined)
  await writeFile(join(staged, name), content, { mode: 0o600 })
  const read = await readKey(join(staged, name), signal)
  if (read.kind === 'unusable')
    return obstacle(
      `${key} cannot be used: ${read.reason}`,
      'nobody is there to type a passphrase when the agent fetches: ssh-keygen -p takes it away, or --new-key makes a key for lb-agent alone',
    )
  return {
    kind: 'keys',
    added: before === content ? [] : [{ name, content, what: `the key of ${key}` }],
    ...{ newKey: undefined, publicKeys: [read.publicKey] },
  }
}

/** A key without a passphrase gives its public half. Its file is for root alone, or ssh-keygen refuses it. */
async function readKey(
  file: string,
  signal: AbortSignal,
): Promise<{ kind: 'key'; publicKey: string } | { kind: 'unusable'; reason: string }> {
  const said = await exec('ssh-keygen', ['-y', '-P', '', '-f', file], { timeoutMs: WORKS_WITHIN_MS, signal })
  if (succeeded(said)) return { kind: 'key', publicKey: said.stdout.toString('utf8').trim() }
  const [, words = describeFailure(said)] = /^Load key .*": (.*)$/m.exec(said.stderr) ?? []
  return { kind: 'unusable', reason: /passphrase/.test(words) ? 'it has a passphrase' : cleanText(words) }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => name.startsWith('id_') || name === 'known_hosts')
}

/** ssh takes no key that others may read. */
async function copyPrivately(from: string, to: string): Promise<void> {
  await writeFile(to, await readFile(from), { mode: 0o600 })
}

function obstacle(what: string, fix: string): Planned {
  return { kind: 'obstacle', obstacle: { what, fix } }
}
