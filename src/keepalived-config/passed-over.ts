import type { Reading } from './reading.ts'
import { numberOf, valueBehind } from './reading.ts'
import type { Report } from './report.ts'
import type { Statement } from './statements.ts'
import { booleanIn, integerIn, millisecondsIn, unsignedIn } from './values.ts'

type Check = (statement: Statement, report: Report) => void

/**
 * Words that say nothing about who holds an address, in instances, sync groups and global_defs: what keepalived refuses in them, as
 * far as hand-written files have them, and whether they make it run a program.
 */
export function readPassedOver(statement: Statement, seen: Set<string>, reading: Reading): void {
  const { report } = reading
  const { keyword, at, words } = statement
  CHECKS.get(keyword)?.(statement, report)
  if (!RUNS_A_PROGRAM.has(keyword)) return
  if (seen.has(keyword)) report(at, `${keyword} is there twice, and keepalived takes the first; take one away`)
  seen.add(keyword)
  if (keyword !== 'notify_deleted') valueBehind(statement, report)
  if (words[1] !== undefined) reading.firstScript ??= at
}

const RUNS_A_PROGRAM = new Set([
  ...['notify', 'notify_master', 'notify_backup', 'notify_fault', 'notify_stop', 'notify_deleted'],
  ...[
    'notify_master_rx_lower_pri',
    'notify_fifo_script',
    'vrrp_notify_fifo_script',
    'startup_script',
    'shutdown_script',
  ],
])

const MOST = 2 ** 32 - 1

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ...inAll(isSwitch, 'smtp_alert', 'notify_priority_changes', 'lower_prio_no_advert', 'higher_prio_send_advert'),
  ...inAll(isSwitch, 'smtp_alert_vrrp', 'smtp_alert_checker', 'checker_log_all_failures', 'vrrp_min_garp'),
  ...inAll(isSwitch, 'vrrp_lower_prio_no_advert', 'vrrp_higher_prio_send_advert', 'vrrp_notify_priority_changes'),
  ...inAll(isCount(0), 'garp_master_delay', 'garp_master_refresh', 'garp_lower_prio_delay', 'garp_lower_prio_repeat'),
  ...inAll(isCount(0), 'vrrp_garp_master_delay', 'vrrp_garp_master_refresh', 'vrrp_garp_lower_prio_delay'),
  ...inAll(isCount(0), 'vrrp_garp_lower_prio_repeat', 'kernel_rx_buf_size'),
  ...inAll(isCount(1), 'garp_master_repeat', 'garp_master_refresh_repeat', 'smtp_connect_timeout'),
  ...inAll(isCount(1), 'vrrp_garp_master_repeat', 'vrrp_garp_master_refresh_repeat'),
  ...inAll(isSeconds, 'vrrp_garp_interval', 'vrrp_gna_interval', 'vrrp_startup_delay'),
  ...inAll(isWithin(0, 4), 'debug'),
  ...inAll(isWithin(0, 255), 'unicast_ttl'),
  ...inAll(isWithin(-20, 19), 'vrrp_priority', 'checker_priority', 'bfd_priority'),
  ...inAll(hasValue, 'notification_email_from', 'default_interface'),
  ...inAll(isNotEmpty, 'notification_email'),
  ...inAll(isOld('linkbeat_interfaces, outside of the instance'), 'linkbeat_use_polling'),
  ...inAll(isOld('garp_extra_if'), 'vmac_garp_intvl'),
  ...inAll(isOld('lvs_sync_daemon in global_defs'), 'lvs_sync_daemon_interface'),
])

function inAll(check: Check, ...keywords: readonly string[]): [string, Check][] {
  return keywords.map((keyword) => [keyword, check])
}

function isSwitch({ keyword, words }: Statement, report: Report): void {
  const value = words[1]
  if (value !== undefined && booleanIn(value.text) === undefined)
    report(value.at, `${keyword} is ${value.text}; it is on, off, or has no value`)
}

function isCount(least: 0 | 1): Check {
  return (statement, report) =>
    void numberOf(statement, (text) => unsignedIn(text, least, MOST), `it is a whole number from ${least} on`, report)
}

function isSeconds(statement: Statement, report: Report): void {
  numberOf(statement, (text) => millisecondsIn(text, 0.001, MOST / 1_000), 'it is a number of seconds above 0', report)
}

function isWithin(least: number, most: number): Check {
  return (statement, report) =>
    void numberOf(statement, (text) => integerIn(text, least, most), `it is ${least} to ${most}`, report)
}

function hasValue(statement: Statement, report: Report): void {
  valueBehind(statement, report)
}

function isNotEmpty({ keyword, at, block }: Statement, report: Report): void {
  if (block.length === 0) report(at, `${keyword} is empty; write something in it, or take it away`)
}

function isOld(instead: string): Check {
  return ({ keyword, at }, report) => report(at, `${keyword} is no longer meant to be used; write ${instead}`)
}
