import { ask } from './haproxy-socket.ts'

/** What the HAProxy worker that owns the stats socket says of itself. */
export type HaproxyState = {
  pid: number
  version: string
  uptimeSec: number
  /** The release id at the end of `description`; empty when the file is not ours. */
  release: string
  currentConnections: number
  servers: readonly ServerState[]
}

/** One server of one backend. `up`: HAProxy sends it new connections as far as checks go. */
export type ServerState = {
  backend: string
  name: string
  status: string
  up: boolean
  /** A check of it has succeeded; right after its start HAProxy believes in servers that it has not checked yet. */
  checked: boolean
  currentSessions: number
  lastCheck: string
}

/** `show info` and `show stat` in one connection. */
export async function readHaproxyState(
  socketPath: string,
  timeoutMs: number,
): Promise<{ kind: 'state'; state: HaproxyState } | { kind: 'unavailable'; reason: string }> {
  const answer = await ask(socketPath, 'show info;show stat -1 4 -1', timeoutMs)
  if (answer.kind === 'unavailable') return answer
  const state = parseState(answer.text)
  return state === undefined
    ? { kind: 'unavailable', reason: 'its stats socket gave no complete answer' }
    : { kind: 'state', state }
}

export type Loaded = { kind: 'answer'; text: string; pid: number } | { kind: 'unavailable'; reason: string }

/** Release id that the running worker carries, and its pid, or why it cannot be asked. */
export async function readLoadedRelease(socketPath: string, timeoutMs: number): Promise<Loaded> {
  const answer = await ask(socketPath, 'show info', timeoutMs)
  if (answer.kind === 'unavailable') return answer
  const info = parseInfo(answer.text)
  return { kind: 'answer', text: releaseOf(info), pid: Number(info.get('Pid') ?? 0) }
}

function parseState(text: string): HaproxyState | undefined {
  const csvAt = text.indexOf('# pxname,')
  if (csvAt < 0) return undefined
  const info = parseInfo(text.slice(0, csvAt))
  const pid = Number(info.get('Pid'))
  if (!Number.isInteger(pid) || pid === 0) return undefined
  return {
    pid,
    version: info.get('Version') ?? '',
    uptimeSec: Number(info.get('Uptime_sec') ?? 0),
    release: releaseOf(info),
    currentConnections: Number(info.get('CurrConns') ?? 0),
    servers: parseServers(text.slice(csvAt + 2)),
  }
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf(': ')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 2).trim()] as const]
    }),
  )
}

function releaseOf(info: ReadonlyMap<string, string>): string {
  return /([0-9a-f]{12}-[0-9a-f]{8})$/.exec(info.get('description') ?? info.get('Description') ?? '')?.[1] ?? ''
}

function parseServers(csv: string): ServerState[] {
  const [header = '', ...rows] = csv.split('\n')
  const columns = header.split(',')
  const column = (name: string): number => columns.indexOf(name)
  const [backend, server, status, sessions, check] = [
    column('pxname'),
    column('svname'),
    column('status'),
    column('scur'),
    column('check_status'),
  ]
  return rows.flatMap((row) => {
    const cells = row.split(',')
    const name = cells[server]
    if (name === undefined || name === '' || name === 'FRONTEND' || name === 'BACKEND') return []
    const text = cells[status] ?? ''
    return [
      {
        backend: cells[backend] ?? '',
        name,
        status: text,
        // `UP`, `UP 1/2` (going down), `no check`; DRAIN, MAINT, NOLB and `DOWN …` take no new connections.
        up: text.startsWith('UP') || text === 'no check',
        // `L4OK`, `L7OK`, `L7OKC`; `* L7OK` while the next one is under way.
        checked: text === 'no check' || /^(?:\* )?L\dOK/.test(cells[check] ?? ''),
        currentSessions: Number(cells[sessions] ?? 0),
        lastCheck: cells[check] ?? '',
      },
    ]
  })
}
