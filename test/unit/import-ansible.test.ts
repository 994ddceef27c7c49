import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readEngine } from '../../src/assets.ts'
import { ansibleCluster } from '../../src/import/ansible/ansible-cluster.ts'
import { holds } from '../../src/import/ansible/conditions.ts'
import { hostsOfPattern } from '../../src/import/ansible/host-pattern.ts'
import { emptyInventory, groupsOf, hostsOf } from '../../src/import/ansible/inventory.ts'
import { readIniInventory } from '../../src/import/ansible/inventory-ini.ts'
import { readYamlInventory } from '../../src/import/ansible/inventory-yaml.ts'
import { loadYaml } from '../../src/import/ansible/load-yaml.ts'
import { renderTemplate } from '../../src/import/ansible/render-template.ts'
import { resolveVariables } from '../../src/import/ansible/resolve-variables.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { formatProblem } from '../../src/spec/problem.ts'

createTemplateEngine(readEngine())

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

describe('variables', () => {
  test('a variable is rendered after those that it names, and keeps its type', () => {
    const raw = {
      address: '{{ base }}.{{ last | default(7) }}',
      base: '{{ net }}.0',
      net: '10.0',
      hosts: "{{ groups['lbs'] }}",
      deep: [{ name: '{{ address }}/24' }],
      again: '{{ again }}',
      secret: "{{ lookup('env', 'X') }}",
    }
    const { groups: _, ...resolved } = resolveVariables(raw, { groups: { lbs: ['a', 'b'] } })
    assert.deepEqual(resolved, {
      address: '10.0.0.7',
      base: '10.0.0',
      net: '10.0',
      hosts: ['a', 'b'],
      deep: [{ name: '10.0.0.7/24' }],
      again: '{{ again }}',
      secret: '?lookup env?',
    })
  })

  test('values in a vault are named and left out', () => {
    const loaded = loadYaml('vars.yml', 'a: yes\nb: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  62\n')
    assert.deepEqual(loaded.value, { a: true, b: '?vault b?' })
    assert.deepEqual(loaded.problems.map(formatProblem), [
      'vars.yml:2:1  b is encrypted by ansible-vault, and was left out',
    ])
    const whole = loadYaml('vault.yml', '$ANSIBLE_VAULT;1.1;AES256\n62\n')
    assert.deepEqual(whole.problems.map(formatProblem), ['vault.yml  is encrypted by ansible-vault, and was left out'])
  })

  test('a condition that only a host can answer is taken to hold', () => {
    const variables = { group_names: ['lbs'], on: false, inventory_hostname: 'lb1', groups: { lbs: ['lb1', 'lb2'] } }
    const answers = [
      "inventory_hostname == groups['lbs'][0]",
      "inventory_hostname == groups['lbs'][1]",
      "'lbs' in group_names",
      'on | bool',
      'not on',
      "ansible_facts['os_family'] == 'Debian'",
      "ansible_distribution == 'Rocky'",
      'result.rc != 0',
      'missing is defined',
      'missing | default(true)',
    ].map((condition) => holds(condition, variables))
    assert.deepEqual(answers, [true, false, true, false, true, true, true, true, false, true])
  })
})

describe('templates', () => {
  const render = (template: string, variables: Record<string, unknown> = {}) =>
    renderTemplate('t.j2', template, variables)

  test('what Ansible has and minijinja lacks is there', () => {
    const variables = {
      l: ['a', 'b', 'c'],
      h: 'b',
      hostvars: { a: { ip: '10.0.0.1' }, b: { ip: '10.0.0.2' } },
      d: { x: { y: 1 } },
    }
    const texts: [string, string][] = [
      ['{{ 100 - l.index(h) * 10 }}', '90'],
      ["{{ (h == 'b') | ternary('MASTER', 'BACKUP') }}", 'MASTER'],
      ["{{ l | difference([h]) | map('upper') | join(',') }}", 'A,C'],
      ["{{ l[:2] | map('extract', hostvars, 'ip') | join(' ') }}", '10.0.0.1 10.0.0.2'],
      ["{{ d.get('z', 5) }}{{ d.x.get('y') }}", '51'],
      ["{{ '10.0.0.1/24' | ansible.utils.ipaddr('address') }}", '10.0.0.1'],
      ["{{ 'lb-1' | regex_replace('^lb-(\\\\d+)$', 'n\\\\1') }}", 'n1'],
      ["{{ 'x dev eth0 src'.split('dev')[1].split()[0] }}", 'eth0'],
      ["{% if h is match('^b') %}yes{% endif %}", 'yes'],
      ['{% for x in l if x != h %}{{ loop.index }}{{ x }}{% endfor %}', '1a2c'],
      ["{{ missing.some.thing | default('none') }}", 'none'],
      ["{{ true }} {{ 'no' | bool }}", 'True False'],
      ['{% raw %}{{ kept }}{% endraw %}', '{{ kept }}'],
    ]
    for (const [template, expected] of texts) {
      const rendered = render(template, variables)
      assert.equal(rendered.kind === 'text' ? rendered.text : formatProblem(rendered.problem), expected, template)
    }
  })

  test('what is not known is named, and a text that says so stands in its place', () => {
    const rendered = render(
      'a {{ device }}\n{% if on %}\nb\n{% endif %}\n{% for x in hosts %}\n{{ x }}\n{% endfor %}\nc\n',
    )
    assert.ok(rendered.kind === 'text')
    assert.equal(rendered.text, 'a ?device?\nc\n')
    assert.deepEqual(rendered.lines, [1, 8, 0])
    assert.deepEqual(rendered.unknown.map(formatProblem), [
      't.j2:1:1  the value of device is not known without a run of Ansible; ?device? stands in its place',
      't.j2:2:1  the value of on is not known without a run of Ansible; it is taken for false',
      't.j2:5:1  the value of hosts is not known without a run of Ansible; it is taken for empty',
    ])
  })

  test('each line knows its line of the template, whatever blanks the tags take', () => {
    const template =
      '1\n{# c\n c #}\n4 {%- if true -%}\n\n  6\n{%- endif %}\n8\n{% for x in [1, 2] %}\n10 {{ x }}\n{% endfor %}\n12\n'
    const rendered = render(template)
    assert.ok(rendered.kind === 'text')
    assert.deepEqual(
      rendered.text.split('\n').map((line, index) => [line, rendered.lines[index]]),
      [
        ['1', 1],
        ['468', 8],
        ['10 1', 10],
        ['10 2', 10],
        ['12', 12],
        ['', 0],
      ],
    )
  })

  test('a template that cannot be rendered is a problem with its line', () => {
    const rendered = render('a\n{{ l | nonsense }}\n', { l: [] })
    assert.ok(rendered.kind === 'problem')
    assert.match(formatProblem(rendered.problem), /^t\.j2:2:1 {2}the template cannot be rendered: unknown filter/)
  })

  test('no template makes the reader throw', () => {
    const piece = fc.constantFrom(
      ...[
        '{{',
        '}}',
        '{%',
        '%}',
        '{#',
        '#}',
        '-',
        'if',
        'for x in',
        'endfor',
        'endif',
        'raw',
        'endraw',
        'l',
        "'",
        '"',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
      ],
      ...[
        '|',
        '.index(',
        '.get(',
        'ipaddr',
        'default',
        'extract',
        'regex_replace',
        "'('",
        '\n',
        ' ',
        '1',
        'lookup(',
        'combine',
        'from_json',
      ],
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(' ')),
        (template) => {
          render(template, { l: ['a'] })
          loadYaml('f.yml', template)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

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
