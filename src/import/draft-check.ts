import type { ProxyCheck, ProxyConfig } from '../haproxy-config/config.ts'
import { parseIpAddress } from '../spec/address.ts'
import { formatDuration } from '../spec/duration.ts'
import type { Profile } from '../spec/spec.ts'
import type { DraftCheck } from './draft.ts'
import { shortPlace } from './old-cluster.ts'

type Drafted = { check: DraftCheck; comments: string[] }

/** What differs from the check of the profile; a check that only connects gives way to the profile's better one. */
export function draftCheck(backend: ProxyConfig, profile: Profile): Drafted {
  const { check, servers } = backend
  const rhythm = rhythmOf(backend)
  const isTls = servers.some((server) => server.check?.ssl === true)
  if (check.kind !== 'http') return { check: rhythm, comments: commentOn(check, profile) }
  const type = check.ssl || isTls ? 'https' : 'http'
  if (profile === 'kubernetes-api' && type === 'http') {
    const comment = `The check asked ${check.path} without TLS (${shortPlace(check.at)}), which an API server refuses; the profile asks /readyz by TLS.`
    return { check: rhythm, comments: [comment] }
  }
  const { expect, comments } = expectOf(check, profile)
  const isUsable = /^\/[A-Za-z0-9._~+:@/?&=,-]{0,254}$/.test(check.path)
  return {
    check: {
      ...(profile !== 'kubernetes-api' && { type }),
      ...(isUsable && check.path !== (profile === 'kubernetes-api' ? '/readyz' : '/') && { path: check.path }),
      ...(isHost(check.host) && { host: check.host }),
      ...(expect !== undefined && { expect }),
      ...rhythm,
    },
    comments: isUsable
      ? comments
      : [...comments, `The check asked for ${check.path} (${shortPlace(check.at)}), which lb.yaml does not take.`],
  }
}

/** Only what is written: HAProxy's own rhythm is nobody's wish. */
function rhythmOf({ servers }: ProxyConfig): DraftCheck {
  const checks = servers.flatMap(({ check }) => check ?? [])
  const first = checks[0]
  if (first === undefined) return {}
  const has = (name: string) => first.written.includes(name)
  const intervalMs = Math.min(Math.max(Math.round(first.intervalMs), 10), 3_600_000)
  return {
    ...(has('inter') && intervalMs !== 1000 && { interval: formatDuration(intervalMs) }),
    ...(has('rise') && first.rise !== 2 && { rise: Math.min(Math.max(first.rise, 1), 100) }),
    ...(has('fall') && first.fall !== 2 && { fall: Math.min(Math.max(first.fall, 1), 100) }),
  }
}

function commentOn(check: ProxyCheck, profile: Profile): string[] {
  if (profile === 'kubernetes-api' || check.kind === 'connect' || check.kind === 'http') return []
  const what =
    check.kind === 'tcp-rules'
      ? 'tcp-check send and expect'
      : check.kind === 'other'
        ? `option ${check.option}`
        : 'option ssl-hello-chk'
  return [`${what} (${shortPlace(check.at)}) was not carried over: servers are checked by a connection alone.`]
}

/** HAProxy takes any 2xx and 3xx unless told; a list of the usual ones keeps servers up that answer with a redirection. */
const USUAL_STATUSES = [200, 204, 301, 302, 303, 307, 308]

function expectOf(
  check: Extract<ProxyCheck, { kind: 'http' }>,
  profile: Profile,
): { expect: number | number[] | undefined; comments: string[] } {
  const { expect } = check
  if (expect === undefined) return { expect: profile === 'kubernetes-api' ? undefined : USUAL_STATUSES, comments: [] }
  const statuses = expect.negated ? undefined : statusesIn(expect.match, expect.pattern)
  if (statuses === undefined) {
    const comment = `The check expected ${expect.match} ${expect.pattern} (${shortPlace(expect.at)}), which lb.yaml does not take: here one of these statuses.`
    return { expect: USUAL_STATUSES, comments: [comment] }
  }
  const [first, ...more] = statuses
  const isDefault = statuses.join() === (profile === 'kubernetes-api' ? '200,401' : '200')
  return { expect: isDefault ? undefined : more.length === 0 ? first : statuses, comments: [] }
}

function statusesIn(match: string, pattern: string): number[] | undefined {
  const [, alternatives] = /^\^?\(?((?:\d{3})(?:\|\d{3})*)\)?\$?$/.exec(pattern) ?? []
  if (match === 'rstatus') return alternatives?.split('|').map(Number)
  if (match !== 'status') return undefined
  const statuses = pattern.split(',').flatMap((part) => {
    const [, from = '', to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(part) ?? []
    const count = from === '' ? 0 : Number(to) - Number(from) + 1
    // Of a wide range those that servers give.
    return count > 10
      ? USUAL_STATUSES.filter((status) => status >= Number(from) && status <= Number(to))
      : Array.from({ length: count }, (_, index) => Number(from) + index)
  })
  return statuses.length === 0 || statuses.some((status) => status < 100 || status > 599) ? undefined : statuses
}

function isHost(host: string | undefined): host is string {
  return (
    host !== undefined &&
    !parseIpAddress(host) &&
    /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(host) &&
    !host.includes('..')
  )
}
