import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import { impactOf } from '../proof/impact.ts'
import { isRead, type Release } from './release.ts'

/**
 * A VIP that keepalived gives up when it goes from one release to another, if this node is its MASTER. `apart`: nodes with the one
 * and nodes with the other do not hear each other, or may not: whom a node listens to that goes on with the VIP is in its own file
 * alone. `why`: such as `its virtual router id changes from 7 to 8`.
 */
export type Drop = { vip: string; apart: boolean; why: string }

/** None where nothing runs yet, and none of hand-written files: keepalived follows no score there, so nothing can be given away. */
export function droppedVips(from: Release | undefined, to: Release): Drop[] {
  if (from === undefined || from.foreign) return []
  if (isRead(from, 'keepalived') && from.digests.keepalived === to.digests.keepalived) return []
  const { vips } = impactOf({ before: configOf(from), after: configOf(to) })
  return vips.flatMap(({ was, kind, reasons, apart }): Drop[] =>
    was === undefined || kind === 'comes' || kind === 'stays' || kind === 'renewed'
      ? []
      : [{ vip: was, apart: apart.length > 0 || kind === 'goes', why: reasons.map(({ text }) => text).join('; ') }],
  )
}

function configOf({ files }: Release): KeepalivedConfig {
  // What lb-agent renders includes no other file, and asks for no name of a machine.
  return readKeepalivedConfig('keepalived.conf', files.keepalived, { configId: '', include: () => [] })
}
