import { bareAddressIn, isLinkLocalMulticast } from './addresses.ts'
import type { Globals } from './config.ts'
import { readPassedOver } from './passed-over.ts'
import { numberOf, type Reading, valueBehind } from './reading.ts'
import type { Statement } from './statements.ts'
import { integerIn, unsignedIn } from './values.ts'

/** What holds without global_defs (keepalived.conf(5)). */
export const DEFAULT_GLOBALS: Globals = {
  routerId: undefined,
  version: 2,
  scriptSecurity: false,
  scriptUser: undefined,
  skipCheckAdvertAddresses: false,
  strict: false,
  checkUnicastSource: false,
  multicastGroup4: undefined,
  multicastGroup6: undefined,
  downTimerAdverts: 3,
  notifyFifo: undefined,
  writesStatesOnReload: false,
}

/** global_defs; there may be several. */
export function readGlobals({ block }: Statement, reading: Reading): void {
  const seen = new Set<string>()
  for (const statement of block) readGlobal(statement, seen, reading)
}

function readGlobal(statement: Statement, seen: Set<string>, reading: Reading): void {
  const { globals, report } = reading
  switch (statement.keyword) {
    case 'router_id':
      globals.routerId = valueBehind(statement, report)?.text
      return
    case 'vrrp_version': {
      const version = numberOf(statement, (text) => integerIn(text, 2, 3), 'a version is 2 or 3', report)
      if (version === 2 || version === 3) globals.version = version
      return
    }
    case 'enable_script_security':
      globals.scriptSecurity = true
      return
    case 'script_user':
      globals.scriptUser = valueBehind(statement, report)?.text
      return
    case 'vrrp_skip_check_adv_addr':
      globals.skipCheckAdvertAddresses = true
      return
    case 'vrrp_strict':
      globals.strict = true
      return
    case 'vrrp_check_unicast_src':
      globals.checkUnicastSource = true
      return
    case 'notify_fifo':
    case 'vrrp_notify_fifo':
      globals.notifyFifo = valueBehind(statement, report)?.text ?? globals.notifyFifo
      return
    case 'fifo_write_vrrp_states_on_reload':
      globals.writesStatesOnReload = true
      return
    case 'vrrp_mcast_group4':
      globals.multicastGroup4 = multicastOf(statement, 4, report) ?? globals.multicastGroup4
      return
    case 'vrrp_mcast_group6':
      globals.multicastGroup6 = multicastOf(statement, 6, report) ?? globals.multicastGroup6
      return
    case 'vrrp_down_timer_adverts':
      globals.downTimerAdverts =
        numberOf(statement, (text) => unsignedIn(text, 1, 100), 'it is a number of adverts, 1-100', report) ??
        globals.downTimerAdverts
      return
    default:
      readPassedOver(statement, seen, reading)
  }
}

function multicastOf(statement: Statement, family: 4 | 6, report: Reading['report']): string | undefined {
  const value = valueBehind(statement, report)
  if (value === undefined) return undefined
  const address = bareAddressIn(value.text)
  if (address?.family === family && address.kind === 'multicast') {
    if (family === 6 && !isLinkLocalMulticast(address.text))
      report(value.at, `${statement.keyword} is ${value.text}; it should stay on its link (ff02::)`)
    return address.text
  }
  report(value.at, `${statement.keyword} is ${value.text}; it is an IPv${family} multicast address`)
  return undefined
}
