import type { ClusterView } from '../cluster.ts'
import type { ControlClient } from '../serve/control-client.ts'
import { endpoint } from '../spec/address.ts'
import type { Status } from '../status.ts'
import { age } from '../time-text.ts'
import { agentHere } from './agent-here.ts'
import { formatCluster } from './cluster-table.ts'
import { adviceLines, paint, table } from './print.ts'
import { describeResult } from './sync.ts'
import { wait } from './wait.ts'
import { watch } from './watch.ts'

export type StatusOptions = {
  config: string
  json?: boolean
  watch?: boolean
  cluster?: boolean
  wait?: string
  for: string
  timeout: string
}

/** What is true on this node, or as seen from it on all of them. Exit code 0 only if all is well. */
export async function status(options: StatusOptions): Promise<number> {
  const control = await agentHere(options.config)
  if (options.wait !== undefined) {
    return await wait(options.wait, { lasting: options.for, timeout: options.timeout }, control)
  }
  const look = (): Promise<Look> => (options.cluster === true ? lookAtAll(control) : lookHere(control))
  const json = options.json === true
  if (options.watch === true) return await watch(async () => shown(await look(), json ? 'line' : 'text'), { json })
  const seen = await look()
  console.log(shown(seen, json ? 'document' : 'text'))
  return seen.now.headline.well ? 0 : 1
}

type Look = { now: Status | ClusterView; text: string }

async function lookHere(control: ControlClient): Promise<Look> {
  const now = (await control.get('/v1/status')) as Status
  return { now, text: formatStatus(now) }
}

async function lookAtAll(control: ControlClient): Promise<Look> {
  const now = (await control.get('/v1/cluster')) as ClusterView
  return { now, text: formatCluster(now) }
}

function shown({ now, text }: Look, as: 'text' | 'line' | 'document'): string {
  return as === 'text' ? text : JSON.stringify(now, undefined, as === 'line' ? 0 : 2)
}

/** The status as it is read at 3 a.m.: the verdict first, then what it rests on. */
export function formatStatus(status: Status): string {
  return [
    `${status.headline.well ? paint('green', '●') : paint('red', '▲')} ${paint('bold', status.node)}: ${status.headline.text}`,
    ...adviceLines(status.headline),
    '',
    ...releaseLines(status),
    '',
    ...daemonLines(status),
    '',
    ...vipLines(status),
    '',
    ...peerLines(status),
    ...troubleLines(status),
    ...serviceLines(status),
    '',
    ...moveLines(status),
    ...passLines(status),
  ].join('\n')
}

function releaseLines(status: Status): string[] {
  const { applied, fetch, atMs } = status
  const rows = [
    ['release', applied === null ? 'none' : `${applied.release}, applied ${age(atMs - applied.atMs)} ago`],
    ['revision', applied?.revision ?? 'none'],
    [
      'repository',
      fetch === null
        ? 'not asked yet'
        : `${fetch.ok ? 'read' : paint('red', 'NOT READ')} ${age(fetch.ageMs)} ago, next in ${age(fetch.nextInMs)}: ${fetch.detail}`,
    ],
    ...(status.suspended === null ? [] : [['suspended', describeSuspension(status.suspended, atMs)]]),
    ...programRow(status),
    [
      'live files',
      applied === null
        ? 'none of ours'
        : status.drift.files.length === 0
          ? `as the release wrote them, looked ${status.drift.ageMs === null ? 'never' : `${age(status.drift.ageMs)} ago`}`
          : paint('red', status.drift.files.map(({ file, what }) => `${file} ${what}`).join(', ')),
    ],
  ]
  return table(rows).split('\n')
}

/** An agent of another version may not tell it. */
function programRow({ version, agent: { onDisk } }: Status): string[][] {
  if (onDisk == null) return []
  return [['lb-agent', `${version} runs; ${onDisk} is on the disk and takes over once no pass is under way`]]
}

function describeSuspension({ sinceMs, untilMs, reason }: NonNullable<Status['suspended']>, atMs: number): string {
  const end =
    untilMs === null ? 'until lb-agent resume' : `for another ${age(untilMs - atMs)}, or until lb-agent resume`
  return `for ${age(atMs - sinceMs)}, ${end}${reason === '' ? '' : `: ${reason}`}`
}

function daemonLines(status: Status): string[] {
  const { haproxy, keepalived, gate } = status
  const workers = haproxy.oldWorkers
  const rows = [
    [
      'haproxy',
      haproxy.state === 'running'
        ? `running, pid ${haproxy.pid}, ${haproxy.version}, release ${haproxy.release || 'not ours'}, asked ${age(haproxy.ageMs)} ago`
        : `${paint('red', 'UNKNOWN')}: ${haproxy.reason}, asked ${age(haproxy.ageMs)} ago`,
    ],
    [
      'old workers',
      workers === null ? paint('yellow', 'UNKNOWN') : `${workers.count}, counted ${age(workers.ageMs)} ago`,
    ],
    [
      'keepalived',
      keepalived.state === 'running'
        ? `running, pid ${keepalived.pid}`
        : `${paint('red', keepalived.state)}: ${keepalived.reason}`,
    ],
    ['gate', describeGate(gate, status.atMs)],
  ]
  return table(rows).split('\n')
}

/** One that was not looked at is neither open nor closed. */
function describeGate({ open, fresh, reason, sinceMs, ageMs }: Status['gate'], atMs: number): string {
  const word = open ? 'open' : 'closed'
  const unknown = paint('yellow', 'UNKNOWN')
  if (ageMs === null) return `${unknown}: not looked at yet; it was left ${word}`
  const looked = `looked ${age(ageMs)} ago`
  if (!fresh) return `${unknown}: ${looked}, then it was ${word}: ${reason}`
  return `${paint(open ? 'green' : 'red', word)} for ${age(atMs - sinceMs)}: ${reason}, ${looked}`
}

function vipLines(status: Status): string[] {
  if (status.vips.length === 0) return ['no VIP on this node']
  const rows = status.vips.map((vip) => [
    vip.name,
    vip.address,
    vip.state === 'UNKNOWN' ? paint('yellow', vip.state) : vip.state,
    vip.sinceMs === null ? '-' : age(status.atMs - vip.sinceMs),
    placeOf(vip, status.peers),
    vip.effectivePriority === null ? '-' : String(vip.effectivePriority),
    `${vip.score ?? '-'} (${vip.scoreReason})`,
  ])
  return table([['VIP', 'address', 'state', 'for', 'where', 'priority', 'score'].map(head), ...rows]).split('\n')
}

/** The kernel says what is here; what is elsewhere the others said when they were asked. */
function placeOf({ name, held, duplicate }: Status['vips'][number], peers: Status['peers']): string {
  if (duplicate !== null) {
    const asked = duplicate.ageMs === null ? '' : `, asked ${age(duplicate.ageMs)} ago`
    return paint('red', ['DUPLICATE', ...duplicate.others].join(' ') + asked)
  }
  if (held) return 'here'
  const holders = peers.filter(({ holds }) => holds.includes(name))
  if (holders.length === 0) return 'not here'
  const oldest = Math.max(...holders.map(({ ageMs }) => ageMs ?? 0))
  return `on ${holders.map((peer) => peer.name).join(' and ')}, asked ${age(oldest)} ago`
}

/** The other balancers: a silent agent is nothing that a node itself has to complain about, but it must be seen. */
function peerLines({ peers }: Status): string[] {
  if (peers.length === 0) return []
  const rows = peers.map(({ name, address, up, reason, holds, ageMs }) => [
    ...[name, address],
    up === null
      ? paint('yellow', 'UNKNOWN: not asked yet')
      : up
        ? `answers; holds ${holds.length === 0 ? 'no VIP' : holds.join(', ')}`
        : paint('red', `no answer: ${reason}`),
    ageMs === null ? '-' : `${age(ageMs)} ago`,
  ])
  return [...table([['other nodes', 'address', 'says', 'asked'].map(head), ...rows]).split('\n'), '']
}

function troubleLines({ troubles, atMs }: Status): string[] {
  if (troubles.length === 0) return []
  return [...troubles.map(({ text, sinceMs }) => `${paint('red', '▲')} for ${age(atMs - sinceMs)}: ${text}`), '']
}

function serviceLines(status: Status): string[] {
  if (status.services.length === 0) return []
  const rows = status.services.map((service) => [
    service.name,
    endpoint(service.address, service.port),
    service.up === null ? paint('yellow', 'UNKNOWN') : `${service.up}/${service.total}`,
    service.servers
      .map((server) =>
        server.up ? server.name : paint('red', `${server.name} ${server.status} (${server.lastCheck})`),
      )
      .join(' '),
  ])
  return table([['service', 'listens on', 'up', 'servers'].map(head), ...rows]).split('\n')
}

function moveLines({ moves, atMs }: Status): string[] {
  if (moves.length === 0) return []
  const rows = moves.map((move) => [`${age(atMs - move.atMs)} ago`, move.vip, move.text])
  return [...table([['last moves', 'VIP', ''].map(head), ...rows]).split('\n'), '']
}

function passLines(status: Status): string[] {
  const pass = status.lastPass
  if (pass === null) return []
  const title = `last change: ${pass.revision?.sha.slice(0, 12) ?? ''} ${pass.revision === null ? '' : `"${pass.revision.subject}" by ${pass.revision.author}, `}${age(status.atMs - pass.startedAtMs)} ago`
  const rows = pass.stages.map((stage) => [
    `  ${stage.outcome === 'ok' ? paint('green', 'ok') : paint('red', 'failed')}`,
    stage.stage,
    `${stage.durationMs} ms`,
    stage.detail.split('\n').join('\n    '),
  ])
  return [title, ...table(rows).split('\n'), `  ${describeResult(pass.result)}`]
}

function head(text: string): string {
  return paint('dim', text)
}
