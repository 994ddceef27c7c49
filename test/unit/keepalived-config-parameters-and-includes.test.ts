import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstanceConfig } from '../../src/keepalived-config/config.ts'
import {
  address,
  at,
  BASE,
  DEFAULTS,
  type Files,
  good,
  instance,
  only,
  read,
  without,
} from '../support/read-keepalived.ts'

test('one file for all nodes gives what it says for this one', () => {
  const text = `vrrp_instance VI_1 {
    @lb1 interface eth1
    @lb2 interface eth2
    @^lb1 virtual_router_id 9
    @^lb2 virtual_router_id 8
    @lb1
    virtual_ipaddress { @lb1 10.0.0.1
    }
}`
  const found = ({ interface: device, virtualRouterId }: InstanceConfig) => ({ device, virtualRouterId })
  assert.deepEqual(found(only(text)), { device: 'eth1', virtualRouterId: 8 })
  const { instances } = read(text, {}, 'lb2')
  assert.deepEqual(instances.map(found), [{ device: 'eth2', virtualRouterId: 9 }])
  assert.deepEqual(instances[0]?.addresses, [])
})

test('parameters are put in where they are used, and have the place where they are named', () => {
  const text = `$BASE=10.2.\${SUB}
$SUB=0
@lb1 $ID=51
@lb2 $ID=52
$WHOLE=\${BASE}.100/24 dev eth1 # a comment
vrrp_instance VI_1 {
    virtual_router_id $ID
    interface eth0
    notify_deleted
    virtual_ipaddress {
        \${BASE}.99/32 \${_HASH} nothing
        \${WHOLE} label \${_INSTANCE}
    }
}`
  const { virtualRouterId, addresses } = only(text)
  assert.equal(virtualRouterId, 51)
  assert.deepEqual(addresses, [
    address('10.2.0.99/32', 11, 9),
    address('10.2.0.100/24', 12, 9, { dev: 'eth1', label: 'lb1' }),
  ])
})

test('a parameter that nobody defines stays, and the rest is read', () => {
  const { instances, problems } = read(instance(`priority $NONE\ninterface \${NONE}`))
  assert.deepEqual(instances.map(without), [{ ...DEFAULTS, interface: '$', addresses: [address('10.0.0.1/32', 7, 1)] }])
  assert.deepEqual(problems, [
    { ...at(5, 1), message: 'interface takes no block; take { and } away' },
    { ...at(4, 10), message: 'priority is $NONE; a priority is 1-255, and keepalived takes 100' },
  ])
})

test('included files are read where they are named, inside of blocks too', () => {
  const files = {
    '/etc/keepalived/conf.d/a.conf': `vrrp_instance VI_1 {\n  ${BASE}  include vips/\n}\n`,
    'vips/one': 'virtual_ipaddress {\n 10.0.0.1\n}\n',
  }
  assert.deepEqual(without(only('include /etc/keepalived/conf.d/\n', files)), {
    ...DEFAULTS,
    at: at(1, 1, '/etc/keepalived/conf.d/a.conf'),
    addresses: [address('10.0.0.1/32', 2, 2, { at: at(2, 2, 'vips/one') })],
  })
  assert.deepEqual(good('include /nowhere/*.conf\n').instances, [])
})

test('what may hide an address is told with its line', () => {
  const unread = (text: string, files: Files = {}) =>
    read(text, files).unread.map(({ at: { line, col }, text: found }) => `${line}:${col} ${found.slice(0, 30)}`)
  assert.deepEqual(unread('# x\n ~SEQ(VAR, 1, 3) 10.0.0.$VAR\n'), ['2:2 ~SEQ(VAR, 1, 3) 10.0.0.$VAR'])
  assert.deepEqual(unread('$X= \\\nvrrp_instance VI_1 { \\\n}\n$X\n'), ['1:1 $X= vrrp_instance VI_1 { }'])
  assert.deepEqual(unread(`priority \${_RANDOM 1 9}\n`), [`1:1 priority \${_RANDOM 1 9}`])
  // A file that includes itself.
  const [first] = unread('include me\n', { me: 'include me\n' })
  assert.equal(first, '1:1 include me')
  // A parameter that names itself, and one that makes its line too long.
  assert.deepEqual(unread(`$A=\${A}\n\${A}\n`), [`2:1 \${A}`])
  assert.deepEqual(unread(`$A=${'x'.repeat(600)}\n\${A}\${A}\n`), [`2:1 \${A}\${A}`])
})
