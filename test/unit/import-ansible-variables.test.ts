import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readEngine } from '../../src/assets.ts'
import { holds } from '../../src/import/ansible/conditions.ts'
import { loadYaml } from '../../src/import/ansible/load-yaml.ts'
import { resolveVariables } from '../../src/import/ansible/resolve-variables.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { formatProblem } from '../../src/spec/problem.ts'

createTemplateEngine(readEngine())

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
