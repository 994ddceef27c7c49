import * as z from 'zod'
import { countsBy, type DumpedInstance, VRRP_STATES } from './dumped.ts'

const instancesSchema = z.array(
  z.object({
    data: z.object({
      iname: z.string(),
      vrid: z.number(),
      state: z.number(),
      ifp_ifname: z.string().default(''),
      base_priority: z.number(),
      effective_priority: z.number(),
      vips: z.array(z.string()).default([]),
      evips: z.array(z.string()).default([]),
      garp_delay: z.number().optional(),
    }),
    stats: z.record(z.string(), z.unknown()).default({}),
  }),
)
/** `json_version 2` (since 2.2.8) puts the same list into an object. */
const dumpSchema = z.union([instancesSchema, z.object({ vrrp: instancesSchema }).transform(({ vrrp }) => vrrp)])

/** keepalived.json; undefined while it is not whole. */
export function parseJsonDump(text: string): DumpedInstance[] | undefined {
  try {
    return dumpSchema.parse(JSON.parse(text)).map(({ data, stats }) => ({
      name: data.iname,
      virtualRouterId: data.vrid,
      state: VRRP_STATES[data.state] ?? 'INIT',
      interface: data.ifp_ifname,
      basePriority: data.base_priority,
      effectivePriority: data.effective_priority,
      addresses: data.vips,
      excludedAddresses: data.evips,
      gratuitousArpDelaySec: data.garp_delay,
      counts: countsBy('json', (name) => stats[name]),
    }))
  } catch {
    return undefined
  }
}
