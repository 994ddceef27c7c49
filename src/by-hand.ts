import { isOfAnother, unread } from './apply/release.ts'
import type { Recorder } from './apply/stage-record.ts'
import type { Parts } from './parts.ts'
import type { PassWriter } from './pass-log.ts'
import { failed, type PassResult } from './pass-record.ts'
import { putLive } from './put-live.ts'
import { reject } from './reject.ts'

/** Back to the previous release, from this node's own store: no network is needed. The revision that ran is not tried again. */
export async function rollBackByHand(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  signal: AbortSignal,
): Promise<PassResult> {
  const before = parts.state.current()
  const from = before.applied === null ? undefined : await parts.store.get(before.applied.release)
  const to = before.previous === null ? undefined : await parts.store.get(before.previous)
  if (before.applied === null || from === undefined || to === undefined) {
    return failed('roll back', 'there is no previous release on this node')
  }
  if (isOfAnother(to, parts.config.node)) {
    return failed('roll back', `the previous release was rendered for node ${to.node}, not for ${parts.config.node}`)
  }
  // A Debian that had no pair: back there, HAProxy would not answer the probe, and the gate stay closed.
  if (to.foreign && (to.files.haproxy === '' || to.files.keepalived === ''))
    return failed(
      'roll back',
      'before this release this node had no files of a pair; lb-agent uninstall takes lb-agent away',
    )
  const given = before.applied.revision
  // Before anything changes: an agent that dies now is followed by one that finishes this, and must leave it at that.
  await reject(parts, given, 'roll back', 'rolled back by hand')
  const revision = to.revision === '' ? given : to.revision
  const result = await putLive(parts, pass, record, { from, to, revision, cause: 'by hand' }, signal)
  if (result.kind === 'applied') await reject(parts, given, 'roll back', 'rolled back by hand')
  else if (result.kind !== 'interrupted') await parts.state.writeState(before)
  return result
}

/** Puts the applied release's own files back, whatever has become of the live ones, and lets both daemons read them. */
export async function restoreByHand(
  parts: Parts,
  pass: PassWriter,
  record: Recorder,
  signal: AbortSignal,
): Promise<PassResult> {
  const { applied } = parts.state.current()
  const release = applied === null ? undefined : await parts.store.get(applied.release)
  if (applied === null || release === undefined) return failed('stage', 'no release is applied on this node yet')
  return await putLive(
    parts,
    pass,
    record,
    { from: unread(release), to: release, revision: applied.revision, cause: 'by hand' },
    signal,
  )
}
