import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commOf, livingPid } from '../daemons/pid-file.ts'
import { exec, succeeded } from '../exec.ts'
import type { PackageManager } from '../how-to-install.ts'
import { findPackageManager } from '../package-manager.ts'
import { connectControl } from '../serve/control-client.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import { type Address, parseAddress } from '../source/address.ts'
import { createGit } from '../source/git-command.ts'
import { MIRROR_REF } from '../source/mirror.ts'
import { readTree } from '../source/read-tree.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { parseSpec } from '../spec/parse-spec.ts'
import type { Node, Spec } from '../spec/spec.ts'

/** What all checks start from. */
export type Examined = {
  config: AgentConfig
  /** What lb.yaml says, as the agent last fetched it. */
  desired: Desired
  agent: Agent
  /** What a fix names to install a program with. */
  manager: PackageManager
}

export type Desired = { kind: 'known'; spec: Spec; node: Node } | { kind: 'unknown'; reason: string; fix: string }

/**
 * `answers`: undefined where its socket is not ours to use. `pid`: of one that answers. `user`: whom it runs as, or would by its
 * unit; undefined when there is no such user. `as`: words before a command that run it as that user; undefined where we may not.
 */
export type Agent = {
  answers: boolean | undefined
  pid: number | undefined
  userName: string
  user: User | undefined
  as: readonly string[] | undefined
}

export type User = { name: string; uid: number; gid: number; home: string }

const ANSWERS_WITHIN_MS = 2_000
const GIT_WITHIN_MS = 5_000

/** Reads what all checks need: a few files, one question to the agent. Never throws. */
export async function examinedNode(config: AgentConfig): Promise<Examined> {
  const [desired, agent] = await Promise.all([readDesired(config), findAgent(config)])
  return { config, desired, agent, manager: findPackageManager() }
}

/** Where the agent looks for keys and known_hosts of its own. */
export function sshDirectoryOf(config: AgentConfig): string {
  return join(config.paths.state, 'ssh')
}

/** Has lb.yaml a VIP of that family? Without an lb.yaml, IPv4 is what most have. */
export function usesFamily(desired: Desired, family: 4 | 6): boolean {
  if (desired.kind === 'unknown') return family === 4
  const addresses = desired.spec.vips.flatMap((vip) => [
    vip.address,
    ...vip.extraAddresses.map(({ address }) => address),
  ])
  return addresses.some((address) => address.includes(':') === (family === 6))
}

async function findAgent(config: AgentConfig): Promise<Agent> {
  const { paths, supervisor } = config
  const answers = await doesAnswer(controlSocketOf(config))
  const pid = answers === true ? pidOfLock(join(paths.state, 'lock')) : undefined
  const me = process.getuid?.() ?? 0
  const running = pid === undefined ? undefined : uidOf(pid)
  const key = running ?? (supervisor === 'systemd' ? 'lb-agent' : String(me))
  const user = await findUser(key)
  const found = { answers, pid, userName: user?.name ?? key, user }
  if (user === undefined) return { ...found, as: undefined }
  if (user.uid === me) return { ...found, as: [] }
  const as = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--']
  return { ...found, as: me === 0 ? as : undefined }
}

async function doesAnswer(socket: string): Promise<boolean | undefined> {
  try {
    accessSync(socket, constants.W_OK)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false
  }
  const asked = connectControl(socket).get('/v1/status')
  return asked.then(
    () => true,
    () => false,
  )
}

function uidOf(pid: number): string | undefined {
  try {
    return /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

/** passwd(5), wherever it is kept. `key`: a name or a number. */
export async function findUser(key: string): Promise<User | undefined> {
  const said = await exec('getent', ['passwd', key], { timeoutMs: ANSWERS_WITHIN_MS })
  const [name, , uid, gid, , home] = said.stdout.toString('utf8').trim().split(':')
  if (name === undefined || uid === undefined || gid === undefined || home === undefined) return undefined
  return { name, uid: Number(uid), gid: Number(gid), home }
}

function pidOfLock(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

const FETCH_FIRST = 'let the agent fetch it (lb-agent run, then lb-agent sync), and ask again'

async function readDesired(config: AgentConfig): Promise<Desired> {
  const { repository, paths } = config
  const unknown = (reason: string, fix = FETCH_FIRST): Desired => ({ kind: 'unknown', reason, fix })
  const address = parseAddress(repository.url)
  if (address.kind === 'refused') return unknown(address.reason, 'repository.url in agent.yaml')
  const text = await fetchedSpec(address, config)
  if (text === undefined) return unknown(`no lb.yaml can be read from ${join(paths.state, 'mirror.git')}`)
  const parsed = parseSpec(text, 'lb.yaml')
  if (parsed.kind === 'problems')
    return unknown('the lb.yaml that was fetched last has problems', 'lb-agent validate PATH')
  const node = parsed.spec.nodes.find(({ name }) => name === config.node)
  if (node !== undefined) return { kind: 'known', spec: parsed.spec, node }
  const names = parsed.spec.nodes.map(({ name }) => name).join(', ')
  return unknown(`lb.yaml has no node ${config.node}`, `node in agent.yaml is one of ${names}`)
}

/** From the mirror, which is only read: what is damaged is the agent's to renew. */
async function fetchedSpec(address: Address, config: AgentConfig): Promise<string | undefined> {
  const { repository, paths } = config
  try {
    const git = createGit({ home: paths.state, address, sshDirectory: sshDirectoryOf(config) })
    const directory = join(paths.state, 'mirror.git')
    const head = await git(directory, ['rev-parse', '--verify', '--quiet', MIRROR_REF], { timeoutMs: GIT_WITHIN_MS })
    if (!succeeded(head)) return undefined
    const { branch, path } = repository
    const sha = head.stdout.toString('utf8').trim()
    const tree = await readTree({ git, directory, sha, branch, path, signal: undefined })
    return tree.kind === 'tree' ? tree.files.get('lb.yaml') : undefined
  } catch {
    return undefined
  }
}

/** The pid in the pid file of a daemon that an agent has started itself, when it is alive. */
export function embeddedPid(
  { paths, haproxy, keepalived }: AgentConfig,
  name: 'haproxy' | 'keepalived',
): number | undefined {
  const binary = name === 'haproxy' ? haproxy.binary : keepalived.binary
  return livingPid(join(paths.runtime, `${name}.pid`), commOf(binary))
}
