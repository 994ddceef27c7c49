import type { Registry } from 'prom-client'
import type { InstanceCounts } from '../daemons/dumped.ts'
import type { Dump } from '../daemons/keepalived-dump.ts'
import type { Fact } from '../observe/observer.ts'
import type { ExpectedVip } from '../render/expectation.ts'
import type { Status, VipStatus } from '../status.ts'
import { createForeignCounter, createGauge, type Samples } from './samples.ts'

/**
 * Names, labels, values and types of mehdy/keepalived-exporter (internal/collector/collector.go, parser.go), so that
 * dashboards and alerts made for it go on working. Only its check script is missing: that is a program of its own.
 */
const STATES = { FAULT: 3, MASTER: 2, BACKUP: 1 } as const
/** VRRPScriptStatuses and VRRPScriptStates of its parser.go, in this order; another word gives no sample. */
const SCRIPT_STATUSES = ['BAD', 'GOOD']
const SCRIPT_STATES = ['idle', 'running', 'requested termination', 'forcing termination']

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

/** As prometheus/common names a Go program's build; what lb-agent has not is empty, which Prometheus takes as absent. */
const BUILD = ['branch', 'goarch', 'goos', 'goversion', 'revision', 'tags', 'version'] as const
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' }

type InstanceLabel = 'iname' | 'intf' | 'vrid'
type Seen = {
  status: Pick<Status, 'version' | 'keepalived'> & { vips: readonly Pick<VipStatus, 'name' | 'state'>[] }
  vips: readonly Pick<
    ExpectedVip,
    'name' | 'interface' | 'virtualRouterId' | 'address' | 'prefixLength' | 'extraAddresses'
  >[]
  dump: Fact<Extract<Dump, { kind: 'instances' }>>
}

/**
 * The metrics of keepalived itself. States are those that `status` shows, told by keepalived as they change; counters and
 * scripts come from its dump, which only root may ask for.
 */
export function createKeepalivedSamples(registry: Registry): { fill(seen: Seen): void } {
  const all: { clear(): void }[] = []
  const cleared = <Label extends string>(made: Samples<Label>): Samples<Label> => {
    all.push(made)
    return made
  }
  const gauge = <Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) =>
    cleared(createGauge(registry, `keepalived_${name}`, help, labels))
  const counter = (name: string, help: string) =>
    cleared(createForeignCounter<InstanceLabel>(registry, `keepalived_${name}`, help, ['iname', 'intf', 'vrid']))

  const build = gauge('exporter_build_info', 'lb-agent, in the place of keepalived-exporter.', BUILD)
  const up = gauge('up', '1 when keepalived runs and does not hang.')
  const stateLabels = ['iname', 'intf', 'vrid', 'ip_address'] as const
  const state = gauge('vrrp_state', '0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT.', stateLabels)
  const excluded = gauge('vrrp_excluded_state', 'The same for each extra address of the VIP.', stateLabels)
  const counts = Object.entries(COUNTS).map(([field, name]) => ({
    field: field as keyof InstanceCounts,
    samples: counter(name, `keepalived's own count: ${name}.`),
  }))
  const delay = counter('gratuitous_arp_delay_total', 'Seconds until a new MASTER says again where the VIP is.')
  const scriptStatus = gauge('script_status', '0 BAD, 1 GOOD.', ['name'])
  const scriptState = gauge('script_state', `${SCRIPT_STATES.map((word, value) => `${value} ${word}`).join(', ')}.`, [
    'name',
  ])

  return {
    fill: ({ status, vips, dump: last }) => {
      for (const each of all) each.clear()
      const dump = last.kind === 'known' ? last.value : undefined
      build.set({ ...EMPTY_BUILD, version: status.version }, 1)
      up.set({}, status.keepalived.state === 'running')
      for (const vip of vips) {
        const labels = { iname: vip.name, intf: vip.interface, vrid: String(vip.virtualRouterId) }
        const told = status.vips.find(({ name }) => name === vip.name)?.state ?? 'UNKNOWN'
        const value = told === 'UNKNOWN' ? undefined : STATES[told]
        state.set({ ...labels, ip_address: asKeepalivedWrites(vip) }, value)
        for (const extra of vip.extraAddresses) {
          excluded.set({ ...labels, ip_address: asKeepalivedWrites(extra) }, value)
        }
        const found = dump?.instances.find(({ name }) => name === vip.name)
        for (const { field, samples } of counts) samples.set(labels, found?.counts[field])
        delay.set(labels, found?.gratuitousArpDelaySec)
      }
      for (const { name, status: word, state: doing } of dump?.scripts ?? []) {
        scriptStatus.set({ name }, placeIn(SCRIPT_STATUSES, word))
        scriptState.set({ name }, placeIn(SCRIPT_STATES, doing))
      }
    },
  }
}

const EMPTY_BUILD = {
  ...{ branch: '', goversion: '', revision: '', tags: '' },
  goarch: ARCHITECTURES[process.arch] ?? process.arch,
  goos: process.platform,
}

/** Without the length of a prefix that is the whole address (2.2.7, vrrp_ipaddress.c). */
function asKeepalivedWrites({ address, prefixLength }: { address: string; prefixLength: number | null }): string {
  const whole = address.includes(':') ? 128 : 32
  return prefixLength === null || prefixLength === whole ? address : `${address}/${prefixLength}`
}

function placeIn(words: readonly string[], word: string): number | undefined {
  const index = words.indexOf(word)
  return index === -1 ? undefined : index
}
