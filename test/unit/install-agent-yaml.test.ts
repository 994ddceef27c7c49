import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { type AgentYamlOptions, agentYaml, type Found } from '../../src/install/agent-yaml.ts'

const FOUND: Found = { node: 'lb1', haproxy: {} }
const NO_WISH: AgentYamlOptions = {
  ...{ repo: undefined, branch: undefined, path: undefined, node: undefined },
  listen: undefined,
}
const HEADER =
  '# What is true of this node only; every key is explained in the README, "agent.yaml". Written by lb-agent install.\n'

function write(
  before: string | undefined,
  options: Partial<AgentYamlOptions>,
  found: Found = FOUND,
): string | undefined {
  return agentYaml(before, { ...NO_WISH, ...options }, found)
}

const THERE = `# The node in the cellar.
node: lb1   # not lb01
repository: { url: "ssh://git@git.lan/lb.git", every: 30s }

http:
    listen: "0.0.0.0:9853"
`

test('a new file has the node, the repository and where it listens', () => {
  assert.equal(
    write(undefined, { repo: 'ssh://git@git.lan/lb.git' }),
    `${HEADER}node: lb1\nrepository:\n  url: ssh://git@git.lan/lb.git\nhttp:\n  listen: 0.0.0.0:9853\n`,
  )
})

test('a new file has what was said and what HAProxy’s unit wants', () => {
  const options = { repo: '/srv/lb', branch: 'live', path: 'clusters/home', node: 'other', listen: '127.0.0.1:1' }
  const found = {
    node: 'lb1',
    haproxy: { statsSocket: '/run/haproxy/lb-agent.sock', pidFile: '/run/haproxy/haproxy.pid' },
  }
  assert.deepEqual(parse(write(undefined, options, found) ?? ''), {
    node: 'other',
    repository: { url: '/srv/lb', branch: 'live', path: 'clusters/home' },
    http: { listen: '127.0.0.1:1' },
    haproxy: { statsSocket: '/run/haproxy/lb-agent.sock', pidFile: '/run/haproxy/haproxy.pid' },
  })
})

test('a file that is there stays byte for byte when nothing else is said', () => {
  assert.equal(write(THERE, {}), THERE)
  const found = { node: 'another', haproxy: { statsSocket: '/run/x.sock' } }
  assert.equal(write(THERE, { repo: 'ssh://git@git.lan/lb.git', node: 'lb1' }, found), THERE)
  assert.equal(write('', {}), '')
})

test('one wish changes one value, and the comments stay', () => {
  assert.equal(
    write(THERE, { branch: 'live', listen: '0.0.0.0:9999' }),
    `# The node in the cellar.
node: lb1 # not lb01
repository: { url: "ssh://git@git.lan/lb.git", every: 30s, branch: live }

http:
  listen: "0.0.0.0:9999"
`,
  )
})

test('a file that is no YAML stays as it is: who reads it says where', () => {
  for (const broken of ['node: [', 'a: 1\na: 2\n', '"', 'node: x\n---\nnode: y\n'])
    assert.equal(write(broken, { repo: '/srv/lb' }), broken)
})

test('a wish that has no place in the file is not dropped silently', () => {
  assert.equal(write('repository: ssh://git@git.lan/lb.git\n', { branch: 'live' }), undefined)
  assert.equal(write('x: &a { url: /srv/lb }\nrepository: *a\n', { branch: 'live' }), undefined)
  assert.equal(write('just words\n', { node: 'lb2' }), undefined)
})

test('no value becomes a key of its own', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'a\nsupervisor: embedded',
      '*x',
      '&x y',
      '{a: b}',
      '!!js x',
      '# c',
      'yes',
      '0x1',
      '~',
      "'",
      '"',
      ' x ',
    ),
  )
  fc.assert(
    fc.property(value, value, value, (repo, branch, node) => {
      for (const before of [undefined, THERE]) {
        const read = parse(write(before, { repo, branch, node }) ?? '') as Record<string, unknown>
        const {
          repository,
          http,
          node: written,
          ...others
        } = read as { repository: Record<string, unknown> } & typeof read
        assert.deepEqual(others, {})
        assert.equal(written, node)
        const kept = before === undefined ? {} : { every: '30s' }
        assert.deepEqual(repository, { url: repo, ...kept, branch })
        assert.deepEqual(http, { listen: '0.0.0.0:9853' })
      }
    }),
    { numRuns: 30 },
  )
})
