import type { SyncGroupConfig } from './config.ts'
import type { InstanceDraft } from './instance-draft.ts'
import type { SyncGroupDraft } from './read-sync-group.ts'
import type { Reading } from './reading.ts'

/** Sync groups with the members that exist; one without any is left out (2.2.7, vrrp_sync_set_group()). */
export function completeSyncGroups({ syncGroups, instances, report }: Reading): SyncGroupConfig[] {
  const complete: SyncGroupConfig[] = []
  for (const { followed: _, seen: __, members, ...group } of syncGroups.values()) {
    if (members === undefined) {
      report(
        group.at,
        `vrrp_sync_group ${group.name} has no group, so keepalived leaves it out; name its instances in group`,
      )
      continue
    }
    const found: InstanceDraft[] = []
    const kept = members.filter((member) => {
      const instance = instances.get(member.name)
      if (instance === undefined)
        report(
          member.at,
          `vrrp_sync_group ${group.name} names ${member.name}, which is no vrrp_instance; correct the name`,
        )
      else if (instance.syncGroup !== undefined)
        report(member.at, `${member.name} is in vrrp_sync_group ${instance.syncGroup} already; take it out of one`)
      else {
        instance.syncGroup = group.name
        found.push(instance)
        return true
      }
      return false
    })
    if (kept.length === 0) {
      report(
        group.at,
        `vrrp_sync_group ${group.name} has no instance left, so keepalived leaves it out; correct its group`,
      )
      continue
    }
    if (kept.length === 1)
      report(group.at, `vrrp_sync_group ${group.name} has one instance alone; name another one, or take the group away`)
    complete.push({ ...group, members: kept })
    checkOwners(group, found, report)
  }
  return complete
}

function checkOwners(
  { name, at }: Pick<SyncGroupDraft, 'name' | 'at'>,
  members: readonly InstanceDraft[],
  report: Reading['report'],
): void {
  let isOwner = false
  for (const { state, priority } of members) {
    if (isOwner && state === 'BACKUP')
      report(
        at,
        `vrrp_sync_group ${name} has an instance that owns its address (MASTER, 255) before one that is BACKUP; give all the same role`,
      )
    isOwner = state === 'MASTER' && priority === 255
    if (!isOwner) return
  }
}
