import assert from 'node:assert/strict'
import type { AddressConfig, InstanceConfig, KeepalivedConfig } from '../../src/keepalived-config/config.ts'
import { readKeepalivedConfig } from '../../src/keepalived-config/read-keepalived-config.ts'
import type { Included } from '../../src/keepalived-config/read-lines.ts'

export const FILE = '/etc/keepalived/keepalived.conf'

export type Files = Readonly<Record<string, string>>

/** Reads it for the node `configId`; `files` are those that it may include. */
export function read(text: string, files: Files = {}, configId = 'lb1'): KeepalivedConfig {
  const include = (pattern: string): Included[] =>
    Object.entries(files).flatMap(([name, included]) => (name.startsWith(pattern) ? [{ name, text: included }] : []))
  return readKeepalivedConfig(FILE, text, { configId, include })
}

/** What is read without a problem. */
export function good(text: string, files: Files = {}, configId = 'lb1'): KeepalivedConfig {
  const config = read(text, files, configId)
  assert.deepEqual({ problems: config.problems, unread: config.unread }, { problems: [], unread: [] })
  return config
}

/** The one instance of what is read without a problem. */
export function only(text: string, files: Files = {}, configId = 'lb1'): InstanceConfig {
  const { instances } = good(text, files, configId)
  const [first, second] = instances
  assert.ok(first !== undefined && second === undefined, JSON.stringify(instances))
  return first
}

export function at(line: number, col: number, file = FILE) {
  return { file, line, col }
}

export function address(text: string, line: number, col: number, rest: Partial<AddressConfig> = {}): AddressConfig {
  return { address: text, dev: undefined, label: undefined, scope: undefined, at: at(line, col), ...rest }
}

/** Without the places, which have a test of their own. */
export function without({ places: _, ...rest }: InstanceConfig): Omit<InstanceConfig, 'places'> {
  return rest
}

/** What `instance()` is read as, but for its address: what keepalived takes where nothing is written. */
export const DEFAULTS: Omit<InstanceConfig, 'places'> = {
  ...{ name: 'VI_1', at: at(1, 1), state: 'BACKUP', interface: 'eth0', virtualRouterId: 9, priority: 100 },
  ...{ version: 2, family: 4, advertMs: 1_000, nopreempt: false, preemptDelayMs: 0 },
  ...{ unicast: undefined, source: undefined, multicastDestination: undefined, dontTrackPrimary: false, ownMac: false },
  ...{ authentication: undefined, addresses: [], excluded: [], skipCheckAdvertAddresses: false },
  ...{ checkUnicastSource: false, downTimerAdverts: 3 },
  ...{ trackFiles: [], trackScripts: [], trackProcesses: [], trackInterfaces: [] },
}

export const BASE = 'interface eth0\nvirtual_router_id 9\n'
export const VIP = 'virtual_ipaddress {\n10.0.0.1\n}\n'

/** An instance with one address and `more` in its fourth line. */
export function instance(more = '', name = 'VI_1'): string {
  return `vrrp_instance ${name} {\n${BASE}${more}\n${VIP}}\n`
}
