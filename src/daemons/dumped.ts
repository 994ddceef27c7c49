/** One VRRP instance as keepalived reports it. Of a dump only these fields are kept: it also holds passwords. */
export type DumpedInstance = {
  name: string
  virtualRouterId: number
  state: VrrpStateName
  interface: string
  basePriority: number
  effectivePriority: number
  /** As keepalived writes them: `10.0.0.1 dev eth0 scope global set`. */
  addresses: readonly string[]
  excludedAddresses: readonly string[]
  gratuitousArpDelaySec: number | undefined
  counts: InstanceCounts
}

/** A vrrp_script; both words as keepalived writes them. It tells them in its text only, not in JSON (2.2.7). */
export type DumpedScript = { name: string; status: string; state: string }

export const VRRP_STATES = ['INIT', 'BACKUP', 'MASTER', 'FAULT'] as const
export type VrrpStateName = (typeof VRRP_STATES)[number]

/** What an instance has counted since its keepalived started; a field that this keepalived does not tell is undefined. */
export type InstanceCounts = Readonly<Record<keyof typeof COUNTS, number | undefined>>

/** Names in the JSON dump (2.2.7, vrrp_json.c), and in the text (vrrp_print.c), where two are told apart by their section. */
export const COUNTS = {
  advertisementsReceived: { json: 'advert_rcvd', text: 'Advertisements/Received' },
  advertisementsSent: { json: 'advert_sent', text: 'Advertisements/Sent' },
  becameMaster: { json: 'become_master', text: 'Became master' },
  releasedMaster: { json: 'release_master', text: 'Released master' },
  packetLengthErrors: { json: 'packet_len_err', text: 'Packet Errors/Length' },
  intervalErrors: { json: 'advert_interval_err', text: 'Packet Errors/Advertisement Interval' },
  ttlErrors: { json: 'ip_ttl_err', text: 'Packet Errors/TTL' },
  invalidTypes: { json: 'invalid_type_rcvd', text: 'Packet Errors/Invalid Type' },
  addressListErrors: { json: 'addr_list_err', text: 'Packet Errors/Address List' },
  authenticationInvalid: { json: 'invalid_authtype', text: 'Authentication Errors/Invalid Type' },
  authenticationMismatch: { json: 'authtype_mismatch', text: 'Authentication Errors/Type Mismatch' },
  authenticationFailures: { json: 'auth_failure', text: 'Authentication Errors/Failure' },
  priorityZeroReceived: { json: 'pri_zero_rcvd', text: 'Priority Zero/Received' },
  priorityZeroSent: { json: 'pri_zero_sent', text: 'Priority Zero/Sent' },
} as const

/** `count` is asked for each by its name in the dump. */
export function countsBy(form: 'json' | 'text', count: (name: string) => unknown): InstanceCounts {
  const counts = Object.entries(COUNTS).map(([field, names]) => {
    const value = count(names[form])
    return [field, typeof value === 'number' ? value : undefined]
  })
  return Object.fromEntries(counts)
}
