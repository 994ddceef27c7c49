import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJsonDump } from '../../src/daemons/dump-json.ts'
import { parseData, parseScripts, parseStats } from '../../src/daemons/dump-text.ts'

const COUNTED = [11, 12, 2, 1, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14] as const

/** keepalived.stats of one instance, as 2.0.6 to 2.3 write it. */
function stats(name: string, values: readonly number[] = COUNTED): string {
  const [received, sent, became, released, length, ttl, type, interval, list, invalid, mismatch, failure, in0, out0] =
    values
  return `VRRP Instance: ${name}
  Advertisements:
    Received: ${received}
    Sent: ${sent}
  Became master: ${became}
  Released master: ${released}
  Packet Errors:
    Length: ${length}
    TTL: ${ttl}
    Invalid Type: ${type}
    Advertisement Interval: ${interval}
    Address List: ${list}
  Authentication Errors:
    Invalid Type: ${invalid}
    Type Mismatch: ${mismatch}
    Failure: ${failure}
  Priority Zero:
    Received: ${in0}
    Sent: ${out0}
`
}

/** keepalived.data of one instance: what differs between versions is given. */
function data(name: string, { vips, excluded, since }: { vips: string; excluded: string; since: string }): string {
  return `------< Global definitions >------
 Router ID = t
 Gratuitous ARP delay = 5
------< VRRP Topology >------
 VRRP Instance = ${name}
   VRRP Version = 2
   State = BACKUP
   Wantstate = BACKUP
   Last transition = ${since}
   Interface = eth0
   Gratuitous ARP delay = 1
   Virtual Router ID = 52
   Priority = 154
   Effective priority = 254
   Total priority = 254
   Authentication type = SIMPLE_PASSWORD
   Password = s3cr3t
   ${vips}
     10.0.0.1/24 dev eth0 scope global
     10.0.0.2 dev eth0 scope global set
   ${excluded}
     10.0.1.1 dev eth0 scope global
   fd_in 12, fd_out 13
   Tracked scripts :
     serves weight 0
   Using smtp notification = no
------< VRRP Scripts >------
 VRRP Script = serves
   Command = '/usr/bin/lb-agent' 'check'
   Interval = 1 sec
   Status = GOOD
   Script uid:gid = 0:0
   Tracking instances :
     ${name}, weight 0
   State = requested termination
 VRRP Script = other
   Status = INIT
------< Interfaces >------
 Name = eth0
   State = UP, RUNNING
`
}

const INSTANCE = {
  name: 'api',
  virtualRouterId: 52,
  state: 'BACKUP',
  interface: 'eth0',
  basePriority: 154,
  effectivePriority: 254,
  addresses: ['10.0.0.1/24 dev eth0 scope global', '10.0.0.2 dev eth0 scope global set'],
  excludedAddresses: ['10.0.1.1 dev eth0 scope global'],
  gratuitousArpDelaySec: 1,
  counts: {
    advertisementsReceived: 11,
    advertisementsSent: 12,
    becameMaster: 2,
    releasedMaster: 1,
    packetLengthErrors: 3,
    ttlErrors: 4,
    invalidTypes: 5,
    intervalErrors: 6,
    addressListErrors: 7,
    authenticationInvalid: 8,
    authenticationMismatch: 9,
    authenticationFailures: 10,
    priorityZeroReceived: 13,
    priorityZeroSent: 14,
  },
}

for (const [version, form] of [
  ['2.0.10', { vips: 'Virtual IP = 2', excluded: 'Virtual IP Excluded = 1', since: '1595875667 (Mon Jul 27 2020)' }],
  ['2.2.4', { vips: 'Virtual IP :', excluded: 'Virtual IP Excluded :', since: '1680682119.036834 (Wed Apr  5)' }],
  ['2.2.7', { vips: 'Virtual IP (2):', excluded: 'Virtual IP Excluded (1):', since: '1673674892.348360 (Sat)' }],
] as const) {
  test(`reads the text of ${version}, and nothing of it but what is asked for`, () => {
    const counts = parseStats(stats('api'))
    assert.ok(counts !== undefined)
    assert.deepEqual(parseData(data('api', form), counts), [INSTANCE])
    assert.deepEqual(parseScripts(data('api', form)), [
      { name: 'serves', status: 'GOOD', state: 'requested termination' },
      { name: 'other', status: 'INIT', state: '' },
    ])
  })
}

const FORM = { vips: 'Virtual IP (2):', excluded: 'Virtual IP Excluded :', since: '0' }

test('counters that were written in part are not read, wherever they end', () => {
  const whole = stats('a') + stats('b')
  assert.equal(parseStats(whole)?.size, 2)
  const secondBegins = whole.indexOf('VRRP Instance: b')
  for (let end = 0; end < whole.length; end += 1) {
    // The end of the first instance cannot be told from the end of the file: then the data name one more.
    const expected = end === secondBegins ? 1 : undefined
    assert.equal(parseStats(whole.slice(0, end))?.size, expected, `cut at ${end}`)
  }
})

test('data and counters of different instances do not fit together', () => {
  const counts = parseStats(stats('api') + stats('web'))
  assert.ok(counts !== undefined)
  assert.equal(parseData(data('api', FORM), counts), undefined)
  assert.equal(parseData(data('web', FORM), parseStats(stats('api')) ?? new Map()), undefined)
  assert.equal(parseData('', counts), undefined)
})

test('an instance whose state or priority is not understood makes the dump unusable', () => {
  const counts = parseStats(stats('api')) ?? new Map()
  for (const line of ['State = BACKUP', 'Effective priority = 254', 'Virtual Router ID = 52']) {
    const [key = ''] = line.split(' = ')
    assert.equal(parseData(data('api', FORM).replace(`   ${line}\n`, `   ${key} = 1 or 2\n`), counts), undefined, line)
  }
})

test('reads both versions of JSON, and waits for the rest of one that is not whole', () => {
  const list = JSON.stringify([
    {
      data: {
        iname: 'api',
        vrid: 52,
        state: 1,
        ifp_ifname: 'eth0',
        base_priority: 154,
        effective_priority: 254,
        vips: INSTANCE.addresses,
        evips: INSTANCE.excludedAddresses,
        garp_delay: 1,
        auth_data: 's3cr3t',
      },
      stats: { advert_rcvd: 11, advert_sent: 'many' },
    },
  ])
  const counts = Object.fromEntries(Object.keys(INSTANCE.counts).map((key) => [key, undefined]))
  const expected = [{ ...INSTANCE, counts: { ...counts, advertisementsReceived: 11 } }]
  assert.deepEqual(parseJsonDump(list), expected)
  assert.deepEqual(parseJsonDump(`{"vrrp":${list},"track_process":[]}`), expected)
  for (let end = 0; end < list.length; end += 7) assert.equal(parseJsonDump(list.slice(0, end)), undefined)
})
