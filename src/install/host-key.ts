import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { cleanText } from '../clean-text.ts'
import { exec } from '../exec.ts'
import type { Obstacle } from './options.ts'

/** A line of known_hosts, with its key as `ssh-keygen -l` shows it. */
export type HostKey = { line: string; fingerprint: string; type: string }

/** `pin`: what known_hosts becomes. */
export type HostKeyPlan =
  | { kind: 'there' }
  | { kind: 'pin'; content: string; fingerprint: string }
  | { kind: 'obstacle'; obstacle: Obstacle }

const SCANS_WITHIN_MS = 15_000
const LOOKS_WITHIN_MS = 5_000
const CONNECTS_WITHIN_MS = 5_000

/**
 * A host key is never learned by itself: it is pinned when its fingerprint is the one that a person has given. `staged`: a copy of
 * known_hosts, perhaps not there; `file`: where the agent has it, for people.
 */
export async function planHostKey(
  host: string,
  { staged, file }: { staged: string; file: string },
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<HostKeyPlan> {
  const [offered, pinned] = await Promise.all([scan(host, signal), pinnedFor(staged, host, signal)])
  if (offered.kind === 'failed')
    return obstacle(
      `${host} does not tell its host key: ${offered.reason}`,
      'is the address right, and does every firewall in between let it pass? ssh-keyscan shows the same',
    )
  const { keys } = offered
  const names = keys.map(({ type, fingerprint }) => `${fingerprint} (${type})`).join(', ')
  // An authority vouches for keys that are not written there; ssh itself decides.
  if (pinned.some(({ line }) => line.startsWith('@cert-authority'))) return { kind: 'there' }
  if (pinned.length > 0) {
    const known = pinned.map(({ fingerprint }) => fingerprint)
    if (keys.some(({ fingerprint }) => known.includes(fingerprint))) return { kind: 'there' }
    return obstacle(
      `the host key of ${host} has changed: ${known.join(', ')} is pinned, and it offers ${names}`,
      `ask who changed it; somebody may be in between. If it was meant: ssh-keygen -R '${host}' -f ${file}, then run it again with --host-key and the new fingerprint`,
    )
  }
  if (wanted === undefined)
    return obstacle(
      `the host key of ${host} is not pinned yet; it offers ${names}`,
      `compare with what the git server says of itself (ssh-keygen -lf on it), then add --host-key ${keys[0]?.fingerprint}`,
    )
  const match = keys.find(({ fingerprint }) => fingerprint === wanted.trim())
  if (match === undefined)
    return obstacle(
      `${host} has no host key ${cleanText(wanted)}: it offers ${names}`,
      'compare them on the git server itself; somebody may be in between',
    )
  const before = await readFile(staged, 'utf8').catch(() => '')
  return {
    kind: 'pin',
    content: `${before.replace(/([^\n])$/, '$1\n')}${match.line}\n`,
    fingerprint: match.fingerprint,
  }
}

/** The keys in lines of known_hosts or of `ssh-keyscan`; ED25519 first, which is what people compare. */
export function hostKeysOf(text: string): HostKey[] {
  const keys = text.split('\n').flatMap((line): HostKey[] => {
    const [, type, blob] =
      /^(?:@\S+ +)?\S+ +((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+) +([A-Za-z0-9+/]+=*)(?: |$)/.exec(line) ?? []
    if (type === undefined || blob === undefined) return []
    const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64')
    return [{ line, fingerprint: `SHA256:${digest.replace(/=+$/, '')}`, type: shortType(type) }]
  })
  return keys.sort((a, b) => Number(b.type === 'ED25519') - Number(a.type === 'ED25519'))
}

function shortType(type: string): string {
  if (type.startsWith('ecdsa-')) return 'ECDSA'
  return type.replace(/^ssh-/, '').toUpperCase()
}

async function scan(
  host: string,
  signal: AbortSignal,
): Promise<{ kind: 'keys'; keys: HostKey[] } | { kind: 'failed'; reason: string }> {
  const [, name = host, port = '22'] = /^\[(.*)\]:(\d+)$/.exec(host) ?? []
  const said = await exec('ssh-keyscan', ['-T', '5', '-p', port, name], { timeoutMs: SCANS_WITHIN_MS, signal })
  const keys = hostKeysOf(said.stdout.toString('utf8'))
  if (keys.length > 0) return { kind: 'keys', keys }
  // It says nothing of why, and ends with 0 or 1 depending on its version.
  return { kind: 'failed', reason: signal.aborted ? 'interrupted' : await whyNoKey(name, Number(port)) }
}

function whyNoKey(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (reason: string): void => {
      clearTimeout(deadline)
      socket.destroy()
      resolve(reason)
    }
    const deadline = setTimeout(() => settle(`no answer from port ${port}`), CONNECTS_WITHIN_MS)
    socket.on('connect', () => settle(`port ${port} answers, but not as an ssh server does`))
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') settle('its name does not resolve (DNS)')
      else settle(code === 'ECONNREFUSED' ? `it refuses the connection to port ${port}` : cleanText(message))
    })
  })
}

/** Its names may be hashed, which only ssh-keygen can tell. */
async function pinnedFor(file: string, host: string, signal: AbortSignal): Promise<HostKey[]> {
  const said = await exec('ssh-keygen', ['-F', host, '-f', file], { timeoutMs: LOOKS_WITHIN_MS, signal })
  return hostKeysOf(said.stdout.toString('utf8'))
}

function obstacle(what: string, fix: string): HostKeyPlan {
  return { kind: 'obstacle', obstacle: { what, fix } }
}
