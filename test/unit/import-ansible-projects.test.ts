import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readEngine } from '../../src/assets.ts'
import { ansibleCluster } from '../../src/import/ansible/ansible-cluster.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { formatProblem } from '../../src/spec/problem.ts'

createTemplateEngine(readEngine())

describe('projects', () => {
  const project = (files: Record<string, string>, options = {}) =>
    ansibleCluster(new Map(Object.entries(files)), options)
  const HOSTS = '[lbs]\na ansible_host=10.0.0.1\nb ansible_host=10.0.0.2\n[web]\nw ansible_host=10.0.0.9\n'

  test('variables count in the order of Ansible', () => {
    const cluster = project({
      'hosts.ini': `${HOSTS}[lbs:vars]\nv=inline group\n`,
      'group_vars/all.yml': 'v: all\nof_all: all\n',
      'group_vars/lbs.yml': 'v: group\ng: group\n',
      'host_vars/b.yml': 'g: host\n',
      'play.yml': `- hosts: lbs
  vars: { p: play }
  roles: [{ role: lb, r: parameter }]
  tasks:
    - set_fact: { p: fact }
    - template: { src: last.j2, dest: /etc/haproxy/haproxy.cfg }
`,
      'roles/lb/defaults/main.yml': 'v: default\nd: default\nr: default\n',
      'roles/lb/tasks/main.yml': '- template: { src: keepalived.conf.j2, dest: /etc/keepalived/ }\n',
      'roles/lb/templates/keepalived.conf.j2': '{{ v }}, {{ of_all }}, {{ g }}, {{ d }}, {{ r }}, {{ p }}',
      'templates/last.j2': '{{ p }}',
    })
    assert.deepEqual(
      cluster?.nodes.map(({ name, address, haproxy, keepalived }) => [name, address, keepalived?.text, haproxy?.text]),
      [
        ['a', '10.0.0.1', 'group, all, group, default, parameter, play', 'fact'],
        ['b', '10.0.0.2', 'group, all, host, default, parameter, play', 'fact'],
      ],
    )
    assert.deepEqual(cluster?.problems, [])
    assert.deepEqual([...(cluster?.groups.get('web') ?? [])], ['10.0.0.9'])
  })

  test('templates without a playbook are those of the group that looks like balancers', () => {
    const cluster = project({
      hosts: HOSTS,
      'roles/keepalived/defaults/main.yml': 'priority: 7\n',
      'roles/keepalived/templates/keepalived.conf.j2': '{{ inventory_hostname }} {{ priority }}',
    })
    assert.deepEqual(
      cluster?.nodes.map(({ keepalived }) => keepalived?.text),
      ['a 7', 'b 7'],
    )
  })

  test('of several playbooks one is taken, and the others are named', () => {
    const task = (text: string) =>
      `- hosts: lbs\n  tasks:\n    - copy: { content: "${text}", dest: /etc/keepalived/keepalived.conf }\n`
    const files = {
      'hosts.ini': HOSTS,
      'one.yml': task('1'),
      'two.yml': task('2'),
      'all.yml': '- import_playbook: one.yml\n',
    }
    assert.deepEqual(
      project(files)?.nodes.map(({ keepalived }) => keepalived?.text),
      ['1', '1'],
    )
    assert.deepEqual(project(files)?.problems.map(formatProblem), [
      'two.yml  also writes keepalived.conf, with other contents; all.yml was taken, and --playbook two.yml takes this one',
    ])
    assert.deepEqual(
      project(files, { playbook: 'two.yml' })?.nodes.map(({ keepalived }) => keepalived?.text),
      ['2', '2'],
    )
  })

  test('a file of two hosts comes from a loop, a condition and a task file', () => {
    const cluster = project({
      'inventory/hosts': HOSTS,
      'site.yml': '- hosts: all\n  tasks:\n    - import_tasks: tasks/lb.yml\n      when: "\'lbs\' in group_names"\n',
      'tasks/lb.yml': `- name: both
  block:
    - ansible.builtin.template: { src: "{{ item.src }}", dest: "/etc/{{ item.dest }}" }
      loop:
        - { src: k_master.conf.j2, dest: keepalived/keepalived.conf, for: a }
        - { src: k_backup.conf.j2, dest: keepalived/keepalived.conf, for: b }
      when: item.for == inventory_hostname
`,
      'templates/k_master.conf.j2': 'master',
      'templates/k_backup.conf.j2': 'backup',
    })
    assert.deepEqual(
      cluster?.nodes.map(({ keepalived }) => keepalived?.text),
      ['master', 'backup'],
    )
  })

  test('a template that is missing or cannot be rendered is a problem', () => {
    const cluster = project({
      'hosts.ini': '[lbs]\na ansible_host=10.0.0.1\n',
      'site.yml': `- hosts: lbs
  tasks:
    - template: { src: gone.j2, dest: /etc/haproxy/haproxy.cfg }
    - template: { src: keepalived.conf.j2, dest: /etc/keepalived/keepalived.conf }
`,
      'templates/keepalived.conf.j2': 'a\n{{ 1 | strange }}\n',
    })
    assert.deepEqual(cluster?.nodes, [
      { name: 'a', address: '10.0.0.1', haproxy: undefined, keepalived: undefined, scripts: new Map() },
    ])
    const [first, second] = cluster?.problems.map(formatProblem) ?? []
    assert.equal(first, 'site.yml  takes haproxy.cfg of a from gone.j2, which is not among the files')
    assert.match(
      second ?? '',
      /^templates\/keepalived\.conf\.j2:2:1 {2}the template cannot be rendered: unknown filter/,
    )
  })

  test('a script that a playbook puts on the node is read as it lies there, by its path', () => {
    const cluster = project({
      'hosts.ini': '[lbs]\na ansible_host=10.0.0.1\n',
      'site.yml': `- hosts: lbs
  vars: { process: haproxy }
  tasks:
    - template: { src: check.j2, dest: /etc/keepalived/check_haproxy.sh, mode: "0755" }
    - copy: { src: plain, dest: /usr/local/bin/ }
    - copy: { content: "#!/bin/sh\\npidof {{ process }}\\n", dest: /usr/local/bin/inline }
    - template: { src: unknown.j2, dest: /usr/local/bin/unknown }
    - copy: { content: "text", dest: /etc/motd }
    - copy: { content: "", dest: /etc/keepalived/keepalived.conf }
`,
      'templates/check.j2': '#!/bin/sh\n# {{ ansible_managed }}\nkillall -0 {{ process }}\n',
      'templates/unknown.j2': '#!/bin/sh\ncurl {{ found_out }}\n',
      'files/plain': '#!/bin/sh\necho {{ process }}\n',
    })
    assert.deepEqual(Object.fromEntries(cluster?.nodes[0]?.scripts ?? []), {
      '/etc/keepalived/check_haproxy.sh': '#!/bin/sh\n# Ansible managed\nkillall -0 haproxy\n',
      '/usr/local/bin/plain': '#!/bin/sh\necho {{ process }}\n',
      '/usr/local/bin/inline': '#!/bin/sh\npidof haproxy\n',
      '/usr/local/bin/unknown': undefined,
    })
  })

  test('a value of a vault or a lookup is named where it is used, also through other variables', () => {
    const cluster = project({
      'hosts.ini': '[lbs]\na ansible_host=10.0.0.1\n',
      'group_vars/lbs.yml': 'pass: "{{ vault_pass }}"\nuser: "{{ lookup(\'env\', \'USER\') }}"\n',
      'site.yml': '- hosts: lbs\n  tasks: [{ template: { src: k.j2, dest: /etc/keepalived/keepalived.conf } }]\n',
      'templates/k.j2': 'auth_pass {{ pass }}\nscript_user {{ user }}\n',
    })
    assert.equal(cluster?.nodes[0]?.keepalived?.text, 'auth_pass ?vault_pass?\nscript_user ?lookup env?\n')
    assert.deepEqual(cluster?.problems.map(formatProblem), [
      'templates/k.j2:1:1  the value of pass is not known without a run of Ansible; ?vault_pass? stands in its place',
      'templates/k.j2:2:1  the value of user is not known without a run of Ansible; ?lookup env? stands in its place',
    ])
  })

  test('an inventory without hosts is no project', () => {
    assert.equal(project({ 'site.yml': '- hosts: all\n' }), undefined)
  })
})
