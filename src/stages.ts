import type { Release } from './apply/release.ts'
import { ok, type StageResult } from './apply/stage-record.ts'
import { checkHaproxyFile, checkKeepalivedFile } from './daemons/check-file.ts'
import { findTakenPorts } from './daemons/check-ports.ts'
import { lookForExporter } from './look-for-exporter.ts'
import type { Parts } from './parts.ts'
import type { PassRevision } from './pass-record.ts'
import { endpoint } from './spec/address.ts'
import { formatProblem } from './spec/problem.ts'

// The stages before anything is put live, in their order: each gives a value for the next one, or a reason.

export async function fetchRevision(parts: Parts, signal: AbortSignal): Promise<StageResult<PassRevision>> {
  const fetched = await parts.source.fetch(signal)
  if (fetched.kind !== 'fetched') return { kind: 'failed', reason: fetched.reason, rejects: false }
  return ok(fetched.revision, `${fetched.revision.sha.slice(0, 12)} "${fetched.revision.subject}"`)
}

export async function readFiles(
  parts: Parts,
  sha: string,
  signal: AbortSignal,
): Promise<StageResult<ReadonlyMap<string, string>>> {
  const read = await parts.source.read(sha, signal)
  if (read.kind === 'tree') return ok(read.files, read.files.size === 1 ? '1 file' : `${read.files.size} files`)
  if (read.kind === 'unreadable') return { kind: 'failed', reason: read.reason, rejects: false }
  // Not rejected: `repository.path` of agent.yaml may be what is wrong.
  return { kind: 'failed', reason: read.problems.map(formatProblem).join('\n'), rejects: false }
}

export async function check(
  parts: Parts,
  to: Release,
  from: Release | undefined,
  signal: AbortSignal,
): Promise<StageResult<void>> {
  // What somebody wrote by hand has served before; the checks are stricter than the daemons.
  if (to.foreign) return ok(undefined, 'not checked: hand-written files are put back as they were')
  const [haproxy, keepalived] = await Promise.all([
    checkHaproxyFile([parts.config.haproxy.binary], parts.store.path(to.id, 'haproxy'), signal),
    checkKeepalivedFile([parts.config.keepalived.binary], parts.store.path(to.id, 'keepalived'), signal),
  ])
  const stays = from === undefined ? 'nothing is live on this node yet' : `${from.id} goes on serving`
  for (const [daemon, verdict] of [
    ['haproxy', haproxy],
    ['keepalived', keepalived],
  ] as const) {
    if (verdict.kind === 'cannot') return { kind: 'failed', reason: `${verdict.reason}; ${stays}`, rejects: false }
    if (verdict.kind === 'refused') {
      return {
        kind: 'failed',
        reason: `${daemon} refused release ${to.id}: ${verdict.output}; ${stays}`,
        rejects: true,
      }
    }
  }
  const taken = await findTakenPorts(to.files.haproxy, from?.files.haproxy ?? '')
  if (taken.length > 0) {
    const where = taken.map(({ address, port, line }) => `${endpoint(address, port)} (haproxy.cfg:${line})`).join(', ')
    return {
      kind: 'failed',
      reason: `haproxy could not bind ${where} of release ${to.id}: another process listens there; ${stays}`,
      rejects: true,
    }
  }
  await lookForExporter(parts)
  return ok(undefined, 'haproxy -c and keepalived -t accept it')
}
