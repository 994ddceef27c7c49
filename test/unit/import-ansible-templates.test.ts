import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readEngine } from '../../src/assets.ts'
import { loadYaml } from '../../src/import/ansible/load-yaml.ts'
import { renderTemplate } from '../../src/import/ansible/render-template.ts'
import { createTemplateEngine } from '../../src/render/template-engine.ts'
import { formatProblem } from '../../src/spec/problem.ts'

createTemplateEngine(readEngine())

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
