import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, BASE, read, VIP } from '../support/read-keepalived.ts'

test('words that only a later keepalived knows are no problem, and told with their version', () => {
  const text = `global_defs {
  enable_script_security
  json_version 2
}
vrrp_script chk {
  script "/bin/true"
  interval 0.5
}
vrrp_instance VI_1 {
  ${BASE}  auth_hmac {
    key x
  }
  ${VIP}}
`
  const { newer, scripts, problems } = read(text)
  assert.deepEqual(problems, [])
  assert.equal(scripts[0]?.intervalMs, 500)
  assert.deepEqual(newer, [
    { what: 'json_version', since: '2.2.8', at: at(3, 3) },
    { what: 'auth_hmac', since: '2.4.0', at: at(12, 3) },
    { what: 'interval 0.5', since: '2.3.2', at: at(7, 12) },
  ])
})
