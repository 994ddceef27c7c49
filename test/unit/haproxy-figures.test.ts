import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFigures } from '../../src/daemons/haproxy-figures.ts'
import { parseState } from '../../src/daemons/haproxy-state.ts'
import { writeHaproxy } from '../../src/metrics/haproxy-exposition.ts'
import { createTextBuffer } from '../../src/metrics/text-buffer.ts'

// Printed by HAProxy 2.6.12; the columns after `last_chk`, of which nothing is read, are cut off.
const HEADER =
  '# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,'
const REPORT = `Name: HAProxy
Version: 2.6.12-1+deb12u4
Pid: 6409
Uptime_sec: 1
Maxconn: 500
CurrConns: 3
node: vm
description: home/lb1 0123456789ab-89abcdef
Stopping: 0
DroppedLogs: 0
Start_time_sec: 1795646010

${HEADER}
web,FRONTEND,,,2,5,500,22,815,96442,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,13,0,13,,,,0,4,0,18,0,0,,13,13,22,,,0,0,0,0,,,
web-servers,up,0,0,2,0,,0,0,0,,0,,0,0,0,0,UP 1/2,3,1,0,4,2,2,7,,1,4,1,,0,,2,0,,0,* L7OK,200,12,0,0,0,0,0,0,,,,0,0,0,,,,,-1,,
web-servers,down,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,1,0,1,1,1,1,,1,4,3,,0,,2,0,,0,L4CON,,0,0,0,0,0,0,0,,,,0,0,0,,,,,-1,"refused, twice",
web-servers,free,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,1,1,0,,,2,,,1,4,5,,0,,2,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,,,,,-1,,
web-servers,BACKEND,0,0,0,0,50,0,0,0,0,0,,0,0,0,0,UP,1,2,1,,1,2,0,,1,4,0,,0,,1,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,0,0,0,0,-1,,
empty,BACKEND,0,0,0,0,1,0,0,0,0,0,,0,0,0,0,UP,0,0,0,,0,2,,,1,5,0,,0,,1,0,,0,,,,,,,,,,,,,,0,0,0,0,0,0,-1,,

`

test('servers are up, on their way down, or not checked at all', () => {
  const server = { backend: 'web-servers', currentSessions: 0, lastCheck: '' }
  const { report, ...state } = parseState(REPORT) ?? { report: '' }
  assert.equal(report, REPORT)
  assert.deepEqual(state, {
    pid: 6409,
    version: '2.6.12-1+deb12u4',
    uptimeSec: 1,
    release: '0123456789ab-89abcdef',
    currentConnections: 3,
    servers: [
      { ...server, name: 'up', status: 'UP 1/2', up: true, checked: true, currentSessions: 2, lastCheck: '* L7OK' },
      { ...server, name: 'down', status: 'DOWN', up: false, checked: false, lastCheck: 'L4CON' },
      { ...server, name: 'free', status: 'no check', up: true, checked: true },
    ],
  })
})

test('an answer that ends before its table says nothing', () => {
  assert.equal(parseState(REPORT.slice(0, 200)), undefined)
})

test('columns are found by their names, and a line that is cut short ends in empty cells', () => {
  const moved = REPORT.replace('# pxname,svname,', '# pxname,new,svname,').replaceAll(
    /^(web|empty)([^,]*),/gm,
    '$1$2,x,',
  )
  assert.deepEqual(parseFigures(moved), parseFigures(REPORT))
  assert.deepEqual(parseFigures(REPORT.replace(/^web,.*$/m, 'web,FRONTEND,,,2')).frontends, [])
  assert.equal(parseFigures(REPORT.replace(',conn_tot', '')).frontends[0]?.connections, '')
})

test('what HAProxy does not count has no sample', () => {
  const lines = written(REPORT)
  assert.deepEqual(
    lines.filter((line) => line.includes('server="free"')),
    [
      'haproxy_server_status{proxy="web-servers",server="free",state="DOWN"} 0',
      'haproxy_server_status{proxy="web-servers",server="free",state="UP"} 1',
      'haproxy_server_status{proxy="web-servers",server="free",state="MAINT"} 0',
      'haproxy_server_status{proxy="web-servers",server="free",state="DRAIN"} 0',
      'haproxy_server_status{proxy="web-servers",server="free",state="NOLB"} 0',
      'haproxy_server_current_sessions{proxy="web-servers",server="free"} 0',
      'haproxy_server_weight{proxy="web-servers",server="free"} 1',
    ],
  )
  // A backend without servers has none in any state.
  assert.deepEqual(
    lines.filter((line) => line.startsWith('haproxy_backend_agg_server_status')),
    ['DOWN"} 1', 'UP"} 2', 'MAINT"} 0', 'DRAIN"} 0', 'NOLB"} 0'].map(
      (end) => `haproxy_backend_agg_server_status{proxy="web-servers",state="${end}`,
    ),
  )
})

test('a check that is under way leaves the last result, and no answer is the code 0', () => {
  const lines = written(REPORT).filter((line) => line.startsWith('haproxy_server_check_') && !line.endsWith(' 0'))
  assert.deepEqual(lines, [
    'haproxy_server_check_status{proxy="web-servers",server="up",state="L7OK"} 1',
    'haproxy_server_check_status{proxy="web-servers",server="down",state="L4CON"} 1',
    'haproxy_server_check_code{proxy="web-servers",server="up"} 200',
    'haproxy_server_check_duration_seconds{proxy="web-servers",server="up"} 0.012',
    'haproxy_server_check_failures_total{proxy="web-servers",server="up"} 4',
    'haproxy_server_check_failures_total{proxy="web-servers",server="down"} 1',
    'haproxy_server_check_up_down_total{proxy="web-servers",server="up"} 2',
    'haproxy_server_check_up_down_total{proxy="web-servers",server="down"} 1',
  ])
})

test('a text of any length comes out whole', () => {
  const out = createTextBuffer(1)
  for (let count = 0; count < 1_000; count += 1) out.append(`${count} é\n`)
  assert.equal(out.bytes().toString('utf8'), Array.from({ length: 1_000 }, (_, count) => `${count} é\n`).join(''))
})

function written(report: string): string[] {
  const out = createTextBuffer(1)
  writeHaproxy(parseFigures(report), out)
  return out.bytes().toString('utf8').split('\n')
}
