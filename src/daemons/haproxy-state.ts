import { type Csv, cellReader, findCsv, SERVER } from './haproxy-csv.ts'
import { parseInfo } from './haproxy-info.ts'
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
  /** All that it said, frontends and backends too, for who wants to know more: see haproxy-figures.ts. */
  report: string
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

/** `show info` and `show stat` (7: frontends, backends, servers) in one connection. */
export async function readHaproxyState(
  socketPath: string,
  timeoutMs: number,
): Promise<{ kind: 'state'; state: HaproxyState } | { kind: 'unavailable'; reason: string }> {
  const answer = await ask(socketPath, 'show info;show stat -1 7 -1', timeoutMs)
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

/** Undefined when HAProxy ended in the middle of its answer. */
export function parseState(report: string): HaproxyState | undefined {
  const csv = findCsv(report)
  if (csv === undefined) return undefined
  const info = parseInfo(report)
  const pid = Number(info.get('Pid'))
  if (!Number.isInteger(pid) || pid === 0) return undefined
  return {
    pid,
    version: info.get('Version') ?? '',
    uptimeSec: Number(info.get('Uptime_sec') ?? 0),
    release: releaseOf(info),
    currentConnections: Number(info.get('CurrConns') ?? 0),
    servers: parseServers(csv),
    report,
  }
}

function parseServers(csv: Csv): ServerState[] {
  const read = cellReader(csv, ['type', 'pxname', 'svname', 'status', 'scur', 'check_status'])
  return csv.lines.flatMap((line) => {
    const [type, backend = '', name = '', status = '', sessions = '', lastCheck = ''] = read(line)
    if (type !== SERVER) return []
    return [
      {
        backend,
        name,
        status,
        // `UP`, `UP 1/2` (going down), `no check`; DRAIN, MAINT, NOLB and `DOWN …` take no new connections.
        up: status.startsWith('UP') || status === 'no check',
        // `L4OK`, `L7OK`, `L7OKC`; `* L7OK` while the next one is under way.
        checked: status === 'no check' || /^(?:\* )?L\dOK/.test(lastCheck),
        currentSessions: Number(sessions),
        lastCheck,
      },
    ]
  })
}

function releaseOf(info: ReadonlyMap<string, string>): string {
  return /([0-9a-f]{12}-[0-9a-f]{8})$/.exec(info.get('description') ?? info.get('Description') ?? '')?.[1] ?? ''
}
