import type { Registry } from 'prom-client'
import type { InstanceCounts } from '../daemons/dumped.ts'
import type { Dump } from '../daemons/keepalived-dump.ts'
import type { Fact } from '../observe/observer.ts'
import type { ExpectedVip } from '../render/expectation.ts'
import type { Status } from '../status.ts'
import { createForeignCounter, createGauge } from './samples.ts'

/** Values and names of mehdy/keepalived-exporter, so that dashboards and alerts made for it go on working. */
const STATE_VALUES = { FAULT: 3, MASTER: 2, BACKUP: 1 } as const

const COUNTS: Readonly<Record<keyof InstanceCounts, string>> = {
  advertisementsReceived: 'advertisements_received_total',
  advertisementsSent: 'advertisements_sent_total',
  becameMaster: 'become_master_total',
  releasedMaster: 'release_master_total',
  packetLengthErrors: 'packet_length_errors_total',
  intervalErrors: 'advertisements_interval_errors_total',
  ttlErrors: 'ip_ttl_errors_total',
  invalidTypes: 'invalid_type_received_total',
  addressListErrors: 'address_list_errors_total',
  authenticationInvalid: 'authentication_invalid_total',
  authenticationMismatch: 'authentication_mismatch_total',
  authenticationFailures: 'authentication_failure_total',
  priorityZeroReceived: 'priority_zero_received_total',
  priorityZeroSent: 'priority_zero_sent_total',
}

type Seen = { status: Status; vips: readonly ExpectedVip[]; dump: Fact<Extract<Dump, { kind: 'instances' }>> }

/** The metrics of keepalived itself. Its counters come from its dump, which only root may ask for. */
export function createKeepalivedSamples(registry: Registry): { fill(seen: Seen): void } {
  const up = createGauge(registry, 'keepalived_up', '1 when keepalived runs.')
  const labelNames = ['iname', 'intf', 'vrid'] as const
  const state = createGauge(registry, 'keepalived_vrrp_state', '0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT.', [
    ...labelNames,
    'ip_address',
  ])
  const counts = Object.entries(COUNTS).map(([field, name]) => {
    const samples = createForeignCounter(registry, `keepalived_${name}`, `keepalived's own count: ${name}.`, labelNames)
    return { field: field as keyof InstanceCounts, samples }
  })
  return {
    fill: ({ status, vips, dump }) => {
      for (const each of [up, state, ...counts.map(({ samples }) => samples)]) each.clear()
      up.set({}, status.keepalived.state === 'running')
      for (const { name, interface: intf, virtualRouterId, address } of vips) {
        const labels = { iname: name, intf, vrid: String(virtualRouterId) }
        const told = status.vips.find((vip) => vip.name === name)?.state ?? 'UNKNOWN'
        state.set({ ...labels, ip_address: address }, told === 'UNKNOWN' ? undefined : STATE_VALUES[told])
        if (dump.kind !== 'known') continue
        const found = dump.value.instances.find((instance) => instance.name === name)
        for (const { field, samples } of counts) samples.set(labels, found?.counts[field])
      }
    },
  }
}
