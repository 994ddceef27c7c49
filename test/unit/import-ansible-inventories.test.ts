import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hostsOfPattern } from '../../src/import/ansible/host-pattern.ts'
import { emptyInventory, groupsOf, hostsOf } from '../../src/import/ansible/inventory.ts'
import { readIniInventory } from '../../src/import/ansible/inventory-ini.ts'
import { readYamlInventory } from '../../src/import/ansible/inventory-yaml.ts'

const INI = `
alone
; a comment
[lbs] # the pair
lb[1:2] ansible_user=core role="first one" weight=5 on=True
lb-c:2222 ansible_host=10.0.0.3 tags='["a", "b"]'
[kube:children]
masters
[masters]
m[01:03].example.org
n-[a:c]
[lbs:vars]
vip = 10.0.0.10
note="a # b"
[all:vars]
port=6443
`

describe('inventories', () => {
  test('INI has groups, children, variables and ranges', () => {
    const inventory = emptyInventory()
    readIniInventory(inventory, 'hosts', INI)
    assert.deepEqual(Object.fromEntries(inventory.hosts), {
      alone: {},
      lb1: { ansible_user: 'core', role: 'first one', weight: 5, on: true },
      lb2: { ansible_user: 'core', role: 'first one', weight: 5, on: true },
      'lb-c': { ansible_port: 2222, ansible_host: '10.0.0.3', tags: ['a', 'b'] },
      'm01.example.org': {},
      'm02.example.org': {},
      'm03.example.org': {},
      'n-a': {},
      'n-b': {},
      'n-c': {},
    })
    assert.deepEqual(hostsOf(inventory, 'lbs'), ['lb1', 'lb2', 'lb-c'])
    assert.equal(hostsOf(inventory, 'kube').length, 6)
    assert.deepEqual(hostsOf(inventory, 'ungrouped'), ['alone'])
    assert.deepEqual(groupsOf(inventory, 'n-a'), ['all', 'kube', 'masters'])
    assert.deepEqual(inventory.groups.get('lbs')?.variables, { vip: '10.0.0.10', note: 'a # b' })
    assert.deepEqual(inventory.groups.get('all')?.variables, { port: 6443 })
  })

  test('YAML has the same', () => {
    const inventory = emptyInventory()
    const text = `all:
  vars: { port: 6443 }
  children:
    lbs:
      hosts:
        lb[1:2]: { up: yes }
      vars: { vip: 10.0.0.10 }
    kube: { children: { masters: { hosts: { m1: } } } }
`
    readYamlInventory(inventory, 'hosts.yml', text)
    assert.deepEqual(Object.fromEntries(inventory.hosts), { lb1: { up: true }, lb2: { up: true }, m1: {} })
    assert.deepEqual(groupsOf(inventory, 'm1'), ['all', 'kube', 'masters'])
    assert.deepEqual(inventory.groups.get('lbs')?.variables, { vip: '10.0.0.10' })
  })

  test('a play names its hosts by patterns', () => {
    const inventory = emptyInventory()
    readIniInventory(inventory, 'hosts', INI)
    const hosts = (pattern: string) => hostsOfPattern(inventory, pattern)
    assert.deepEqual(hosts('lbs:!lb2'), ['lb1', 'lb-c'])
    assert.deepEqual(hosts('all:&lbs'), ['lb1', 'lb2', 'lb-c'])
    assert.deepEqual(hosts('lbs[0],n-*'), ['lb1', 'n-a', 'n-b', 'n-c'])
    assert.deepEqual(hosts('lbs[1:]'), ['lb2', 'lb-c'])
    assert.deepEqual(hosts('nobody'), [])
  })
})
