import type { Position } from '../spec/problem.ts'
import { readPassedOver } from './passed-over.ts'
import { noTracking, readTracking, type TrackingDraft } from './read-tracking.ts'
import { nameOfBlock, type Reading } from './reading.ts'
import type { Statement } from './statements.ts'

/** `members`: undefined without a group. */
export type SyncGroupDraft = TrackingDraft & {
  name: string
  at: Position
  members: { name: string; at: Position }[] | undefined
  trackingWeight: boolean
  /** Words that make keepalived run a program. */
  seen: Set<string>
}

/** vrrp_sync_group. One without a name, or with the name of another one, is left out. */
export function readSyncGroup(statement: Statement, reading: Reading): void {
  const { report, syncGroups } = reading
  const name = nameOfBlock(statement, syncGroups, report)
  if (name === undefined) return
  const draft: SyncGroupDraft = {
    ...noTracking(),
    ...{ name, at: statement.at, members: undefined, trackingWeight: false, seen: new Set() },
  }
  syncGroups.set(name, draft)
  for (const one of statement.block) readWord(one, draft, reading)
}

function readWord(statement: Statement, draft: SyncGroupDraft, reading: Reading): void {
  const { report } = reading
  switch (statement.keyword) {
    case 'group': {
      const members = statement.block.flatMap(({ words }) => words.map(({ text, at }) => ({ name: text, at })))
      if (draft.members !== undefined)
        report(statement.at, `vrrp_sync_group ${draft.name} has two groups; make them one`)
      else if (members.length === 0) report(statement.at, `group of ${draft.name} is empty; name its instances`)
      else draft.members = members
      return
    }
    case 'global_tracking':
      report(statement.at, 'global_tracking is no longer meant to be used; write sync_group_tracking_weight')
      draft.trackingWeight = true
      return
    case 'sync_group_tracking_weight':
      draft.trackingWeight = true
      return
    default:
      if (!readTracking(statement, draft.name, draft, reading)) readPassedOver(statement, draft.seen, reading)
  }
}
