import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cleanText } from '../clean-text.ts'
import { knownHostOf } from '../doctor/repository.ts'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { InstallOptions, Obstacle } from './options.ts'

/** What will be in the agent's ssh directory, staged in one that only root sees, so that it can be tried first. */
export type SshFiles = {
  /** The staged directory, in the form that `createGit` takes. */
  directory: string
  /** Files that are new, with their contents. */
  added: readonly { name: string; content: string; what: string }[]
}

export type SshPlan = { kind: 'files'; files: SshFiles } | { kind: 'obstacles'; obstacles: Obstacle[] }

const SCANS_WITHIN_MS = 15_000
const NAMES_WITHIN_MS = 5_000

/** `directory`: the agent's own, perhaps not there yet; `staged`: an empty one, for root alone. Changes nothing but `staged`. */
export async function planSshFiles(
  paths: { directory: string; staged: string },
  url: string,
  options: Pick<InstallOptions, 'key' | 'newKey' | 'hostKey'>,
  signal: AbortSignal,
): Promise<SshPlan> {
  const host = knownHostOf(url)
  await mkdir(paths.staged, { recursive: true, mode: 0o700 })
  const there = await namesIn(paths.directory)
  for (const name of there) await copyPrivately(join(paths.directory, name), join(paths.staged, name))
  const key = await planKey(paths.staged, there, url, options, signal)
  const pin = await planHostKey(paths.staged, host, options.hostKey, signal)
  const obstacles = [key, pin].flatMap((planned) => (planned.kind === 'obstacle' ? [planned.obstacle] : []))
  if (obstacles.length > 0) return { kind: 'obstacles', obstacles }
  const added = [key, pin].flatMap((planned) => (planned.kind === 'added' ? planned.files : []))
  return { kind: 'files', files: { directory: paths.staged, added } }
}

type Planned =
  | { kind: 'there' }
  | { kind: 'added'; files: SshFiles['added'] }
  | { kind: 'obstacle'; obstacle: Obstacle }

async function planKey(
  staged: string,
  there: readonly string[],
  url: string,
  { key, newKey }: Pick<InstallOptions, 'key' | 'newKey'>,
  signal: AbortSignal,
): Promise<Planned> {
  if (key !== undefined) return copyKey(staged, key)
  if (there.some((name) => name.startsWith('id_') && !name.endsWith('.pub'))) return { kind: 'there' }
  if (!newKey)
    return obstacle(
      `${cleanText(url)} is read by ssh, and the agent has no key`,
      '--key FILE takes one of yours (without a passphrase), --new-key makes a deploy key and shows its public half',
    )
  const name = 'id_ed25519'
  const words = ['-q', '-t', 'ed25519', '-N', '', '-C', 'lb-agent', '-f', join(staged, name)]
  const made = await exec('ssh-keygen', words, { timeoutMs: NAMES_WITHIN_MS, signal })
  if (!succeeded(made))
    return obstacle(`ssh-keygen: ${describeFailure(made)}`, 'make a key by hand and give it as --key FILE')
  return {
    kind: 'added',
    files: [
      { name, content: await readFile(join(staged, name), 'utf8'), what: 'a new deploy key' },
      { name: `${name}.pub`, content: await readFile(join(staged, `${name}.pub`), 'utf8'), what: 'its public half' },
    ],
  }
}

async function copyKey(staged: string, key: string): Promise<Planned> {
  let content: string
  try {
    content = await readFile(key, 'utf8')
  } catch (error) {
    return obstacle(`${key} cannot be read: ${(error as Error).message}`, '--key takes the file of a private key')
  }
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(content))
    return obstacle(`${key} is no private key`, '--key takes the file of a private key (not the .pub beside it)')
  const kind = /(?:^|\/)id_([a-z0-9]+)$/.exec(key)?.[1] ?? 'deploy'
  const name = `id_${kind}`
  const before = await readFile(join(staged, name), 'utf8').catch(() => undefined)
  if (before === content) return { kind: 'there' }
  await writeFile(join(staged, name), content, { mode: 0o600 })
  return { kind: 'added', files: [{ name, content, what: `the key of ${key}` }] }
}

type HostKey = { line: string; fingerprint: string; type: string }

/** A host key is never learned by itself: it is pinned when its fingerprint is the one that a person has given. */
async function planHostKey(
  staged: string,
  host: string,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<Planned> {
  const file = join(staged, 'known_hosts')
  const offered = await scan(host, signal)
  if (offered.kind === 'failed')
    return obstacle(
      `${host} does not tell its host key: ${offered.reason}`,
      'is the address right, and does port 22 (or the one of the URL) pass?',
    )
  const pinned = await pinnedFor(file, host, signal)
  const names = offered.keys.map(({ type, fingerprint }) => `${fingerprint} (${type})`).join(', ')
  if (pinned.length > 0) {
    if (offered.keys.some(({ fingerprint }) => pinned.includes(fingerprint))) return { kind: 'there' }
    return obstacle(
      `the host key of ${host} has changed: ${pinned.join(', ')} is pinned, and it offers ${names}`,
      `ask who changed it. If it was meant: ssh-keygen -R '${host}' -f known_hosts in the agent's ssh directory, then again with --host-key`,
    )
  }
  if (wanted === undefined)
    return obstacle(
      `the host key of ${host} is not pinned yet; it offers ${names}`,
      `compare with what the git server says of itself (ssh-keygen -lf on it), then add --host-key ${offered.keys[0]?.fingerprint}`,
    )
  const match = offered.keys.find(({ fingerprint }) => fingerprint === wanted)
  if (match === undefined)
    return obstacle(
      `${host} has no host key ${cleanText(wanted)}: it offers ${names}`,
      'compare them on the git server itself; somebody may be in between',
    )
  const content = `${(await readFile(file, 'utf8').catch(() => '')).replace(/([^\n])$/, '$1\n')}${match.line}\n`
  await writeFile(file, content, { mode: 0o600 })
  return { kind: 'added', files: [{ name: 'known_hosts', content, what: `host key ${match.fingerprint} of ${host}` }] }
}

async function scan(
  host: string,
  signal: AbortSignal,
): Promise<{ kind: 'keys'; keys: HostKey[] } | { kind: 'failed'; reason: string }> {
  const [, name = host, port = '22'] = /^\[(.*)\]:(\d+)$/.exec(host) ?? []
  const said = await exec('ssh-keyscan', ['-T', '5', '-p', port, name], { timeoutMs: SCANS_WITHIN_MS, signal })
  const lines = said.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const keys: HostKey[] = []
  for (const line of lines) {
    const fingerprint = await fingerprintOf(line, signal)
    if (fingerprint !== undefined) keys.push({ line, ...fingerprint })
  }
  // ED25519 first: what people compare.
  keys.sort((a, b) => Number(b.type === 'ED25519') - Number(a.type === 'ED25519'))
  return keys.length > 0
    ? { kind: 'keys', keys }
    : { kind: 'failed', reason: succeeded(said) ? 'no answer' : describeFailure(said) }
}

async function fingerprintOf(
  line: string,
  signal: AbortSignal,
): Promise<{ fingerprint: string; type: string } | undefined> {
  const said = await exec('ssh-keygen', ['-lf', '-'], { timeoutMs: NAMES_WITHIN_MS, signal, input: `${line}\n` })
  const [, fingerprint, type] = /(SHA256:\S+).*\((\S+)\)/.exec(said.stdout.toString('utf8')) ?? []
  return fingerprint === undefined || type === undefined ? undefined : { fingerprint, type }
}

async function pinnedFor(file: string, host: string, signal: AbortSignal): Promise<string[]> {
  const said = await exec('ssh-keygen', ['-l', '-F', host, '-f', file], { timeoutMs: NAMES_WITHIN_MS, signal })
  return [...said.stdout.toString('utf8').matchAll(/SHA256:\S+/g)].map(([fingerprint]) => fingerprint)
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
