import { BACKEND, type Csv, cellReader, FRONTEND, findCsv, SERVER } from './haproxy-csv.ts'
import { parseInfo } from './haproxy-info.ts'

// Our names of HAProxy's columns (management.txt §9.1) and of its lines of `show info` (§9.3).
const PROCESS = {
  startTimeSec: 'Start_time_sec',
  uptimeSec: 'Uptime_sec',
  currentConnections: 'CurrConns',
  maxConnections: 'Maxconn',
  /** 1 in a worker that has been told to end. */
  stopping: 'Stopping',
  droppedLogs: 'DroppedLogs',
  version: 'Version',
} as const
const FRONTENDS = {
  name: 'pxname',
  /** `OPEN`, `FULL`, `PAUSED`; `STOP` when it listens no more. */
  status: 'status',
  currentSessions: 'scur',
  sessions: 'stot',
  connections: 'conn_tot',
  bytesIn: 'bin',
  bytesOut: 'bout',
} as const
const BACKENDS = {
  name: 'pxname',
  /** `UP` or `DOWN`. */
  status: 'status',
  activeServers: 'act',
  wentDown: 'chkdown',
} as const
const SERVERS = {
  backend: 'pxname',
  name: 'svname',
  /** `UP`, `UP 1/3`, `DOWN`, `DOWN (agent)`, `MAINT (via b/s)`, `DRAIN`, `NOLB 1/2`, `no check`. */
  status: 'status',
  currentSessions: 'scur',
  weight: 'weight',
  failedChecks: 'chkfail',
  wentDown: 'chkdown',
  downtimeSec: 'downtime',
  /** `L7OK`, `* L4CON` (`*`: the next one is under way), `INI` before the first; empty when it is not checked. */
  checkStatus: 'check_status',
  /** Empty when the last check came to no answer. */
  checkCode: 'check_code',
  checkDurationMs: 'check_duration',
} as const

/** Cells as HAProxy wrote them; empty is a figure that it does not have, such as failed checks of a server without any. */
type Cells<Name extends string> = Readonly<Record<Name, string>>
export type ServerFigures = Cells<keyof typeof SERVERS>

export type HaproxyFigures = {
  process: Cells<keyof typeof PROCESS>
  frontends: readonly Cells<keyof typeof FRONTENDS>[]
  backends: readonly Cells<keyof typeof BACKENDS>[]
  servers: readonly ServerFigures[]
}

/**
 * What HAProxy counts, of what it said at a look (`HaproxyState.report`). Some milliseconds for 1,000 servers, so it is for
 * who asks, not for every look.
 */
export function parseFigures(report: string): HaproxyFigures {
  const info = parseInfo(report)
  const csv = findCsv(report)
  const lines = csv === undefined ? {} : linesByType(csv)
  const rows = <Name extends string>(type: string, columns: Readonly<Record<Name, string>>): Cells<Name>[] =>
    csv === undefined ? [] : rowsOf(csv, lines[type] ?? [], columns)
  return {
    process: cellsOf(keysOf(PROCESS), (key) => info.get(PROCESS[key]) ?? ''),
    frontends: rows(FRONTEND, FRONTENDS),
    backends: rows(BACKEND, BACKENDS),
    servers: rows(SERVER, SERVERS),
  }
}

function linesByType(csv: Csv): Partial<Record<string, string[]>> {
  const read = cellReader(csv, ['type'])
  return Object.groupBy(csv.lines, (line) => read(line)[0] ?? '')
}

function rowsOf<Name extends string>(
  csv: Csv,
  lines: readonly string[],
  columns: Readonly<Record<Name, string>>,
): Cells<Name>[] {
  const keys = keysOf(columns)
  const read = cellReader(
    csv,
    keys.map((key) => columns[key]),
  )
  return lines.map((line) => {
    const cells = read(line)
    return cellsOf(keys, (_, at) => cells[at] ?? '')
  })
}

function cellsOf<Name extends string>(keys: readonly Name[], cell: (key: Name, at: number) => string): Cells<Name> {
  const cells: Partial<Record<Name, string>> = {}
  keys.forEach((key, at) => {
    cells[key] = cell(key, at)
  })
  return cells as Cells<Name>
}

function keysOf<Name extends string>(columns: Readonly<Record<Name, string>>): Name[] {
  return Object.keys(columns) as Name[]
}
