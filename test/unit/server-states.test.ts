import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statesFor } from '../../src/daemons/server-states.ts'

const CONFIG = `global
    server-state-file /var/lib/lb-agent/haproxy-servers
backend web
    server alpha   10.9.1.1:80 check
    server beta    10.9.1.2:81 check
    server gamma   10.9.1.3:80 check
# a comment
    server six     [fd00:9::1]:80
frontend web
    bind 10.9.0.100:80
backend other
    server alpha   10.9.1.1:443
`
const HEAD = '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state … srv_port …\n'

test('a server keeps its state over a reload unless its address, port or backend is another now', () => {
  const state = (backend: string, name: string, address: string, port: number): string =>
    `3 ${backend} 1 ${name} ${address} 0 0 1 1 8 8 2 0 6 0 0 0 - ${port} - 0 0 - - 0\n`
  const kept = [
    state('web', 'alpha', '10.9.1.1', 80),
    state('web', 'six', 'fd00:9::1', 80),
    state('other', 'alpha', '10.9.1.1', 443),
  ]
  const gone = [
    state('web', 'beta', '10.9.1.2', 80),
    state('web', 'gamma', '10.9.1.4', 80),
    state('other', 'beta', '10.9.1.2', 81),
    state('web', 'delta', '10.9.1.9', 80),
  ]
  assert.equal(statesFor(CONFIG, `${HEAD}${[...gone, ...kept].join('')}\n`), `${HEAD}${kept.join('')}`)
})

test('an answer that is no list of states is none', () => {
  assert.equal(statesFor(CONFIG, 'Unknown command\n'), '1\n')
})
