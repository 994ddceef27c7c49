import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { formatProblem } from '../../src/spec/problem.ts'
import { IMPORT_FIXTURES, importFixture, importFixtures } from '../support/import-fixtures.ts'

describe('import makes the expected lb.yaml of', () => {
  for (const name of importFixtures()) {
    test(name, () => {
      const { text } = importFixture(name)
      const file = join(IMPORT_FIXTURES, name, 'expected-lb.yaml')
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text)
      assert.equal(text, readFileSync(file, 'utf8'))
    })
  }
})

test('what only a person knows is named, and nothing else', () => {
  const toFillIn = Object.fromEntries(importFixtures().map((name) => [name, importFixture(name).toFillIn]))
  assert.deepEqual(toFillIn, {
    'ansible-k3s': [],
    'ansible-roles': [],
    'k3s-docs': ['nodes.lb-1.address: no file says it', 'nodes.lb-2.address: no file says it'],
    'kubeadm-guide': ['pools.apps.app3: haproxy.cfg:65 says app3.example.org, and lb.yaml takes addresses'],
  })
})

test('what cannot be had of an Ansible project is said', () => {
  const problems = (name: string) => importFixture(name).problems.map(formatProblem)
  assert.deepEqual(problems('ansible-k3s'), [
    'templates/haproxy/haproxy.cfg.j2:54:1  the value of stats.password is not known without a run of Ansible; ?lookup env? stands in its place',
    'ansible/playbooks/balancers.yml  sets keepalived_interface to what it finds on each host; the value that the files give was taken instead',
    'group_vars/haproxy_keepalived.yml  and 6 other files there lie where Ansible does not look: it reads group_vars and host_vars beside the inventory and beside the playbook. They were read all the same, because they say what is meant; the files on the nodes were made without them',
  ])
  assert.deepEqual(problems('ansible-roles'), [
    'inventories/staging/hosts.yml  is another inventory, and was not read; --inventory inventories/staging/hosts.yml takes it instead',
    'roles/haproxy/templates/haproxy.cfg.j2:32:1  the value of stats_password is not known without a run of Ansible; ?vault stats_password? stands in its place',
    'inventories/production/group_vars/balancers/vars.yml:5:1  stats_password is encrypted by ansible-vault, and was left out',
    'inventories/production/group_vars/balancers/vault.yml  is encrypted by ansible-vault, and was left out',
  ])
})

test('differences are those of meaning, for each VIP and service', () => {
  const told = importFixture('kubeadm-guide').differences.map(
    ({ about, what, before, after }) => `${about}, ${what}: ${before} → ${after}`,
  )
  assert.deepEqual(told, [
    'VIP 192.168.40.9, protocol: VRRPv2 → VRRPv3',
    'VIP 192.168.40.9, adverts: every 1s by unicast → every 100ms by unicast',
    'VIP 192.168.40.9, priority: 100 → lb1 153, lb2 154',
    'VIP 192.168.40.9, follows: script check_apiserver → script haproxy_serves, file gate, file score-vip',
    'VIP 192.168.40.9, failing back: at once → after 10s',
    'service apiserver, bind: *:8443 → 192.168.40.9:8443',
    'service apiserver, balance: roundrobin → leastconn',
    'service apiserver, check: GET /healthz (status 200) by TLS every 2s, up after 2, down after 3 → GET /healthz (status 200) by TLS every 1s, up after 2, down after 2',
    'service apiserver, timeouts: connect 5s, client 35s, server 35s, tunnel none → connect 5s, client 4h, server 4h, tunnel 4h',
    'service web, balance: uri → roundrobin',
    'service web, servers: app1 192.168.40.33:8080, app2 192.168.40.34:8081, app3 app3.example.org:8080 → app1 192.168.40.33:8080, app2 192.168.40.34:8081, app3 FILL ME IN:8080',
    'service web, check: GET /status (2xx or 3xx) every 2s, up after 2, down after 3 → GET /status (status 200,204,301,302,303,307,308) every 1s, up after 2, down after 2',
    'service web, timeouts: connect 5s, client 35s, server 35s, tunnel none → connect 5s, client 35s, server 35s, tunnel 1h',
  ])
})

// by-ansible: what ansible-core 2.14.18 makes of the same templates, with the variables where it looks for them.
describe('templates come out as from Ansible itself', () => {
  for (const name of ['ansible-k3s', 'ansible-roles']) {
    test(name, () => {
      for (const { node } of importFixture(name).old) {
        const byAnsible = (file: string) =>
          readFileSync(join(IMPORT_FIXTURES, name, 'by-ansible', `${node.name}.${file}`), 'utf8')
        assert.equal(node.haproxy?.text, byAnsible('haproxy.cfg'))
        assert.equal(node.keepalived?.text, byAnsible('keepalived.conf'))
      }
    })
  }
})

test('places in rendered files are those of the templates', () => {
  const [first] = importFixture('ansible-roles').old
  const template = readFileSync(
    join(IMPORT_FIXTURES, 'ansible-roles/project/roles/keepalived/templates/keepalived.conf.j2'),
    'utf8',
  )
  const line = (text: string) => template.split('\n').findIndex((one) => one.includes(text)) + 1
  const places = first?.keepalived?.instances.map(({ name, at, places: words }) => [
    name,
    at.line,
    words.get('priority')?.line,
  ])
  assert.deepEqual(places, [
    ['control-plane', line('vrrp_instance'), line('priority')],
    ['edge', line('vrrp_instance'), line('priority')],
  ])
})
