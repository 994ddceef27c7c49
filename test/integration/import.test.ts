import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { HAPROXY, IMPORT_FIXTURES, keepalivedWith } from '../support/import-fixtures.ts'

const work = mkdtempSync(join(tmpdir(), 'lb-agent-import-'))
after(() => rmSync(work, { recursive: true }))

function directoryWith(name: string, files: Readonly<Record<string, string>>): string {
  const directory = join(work, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

describe('lb-agent import', () => {
  const lbAgent = (...args: string[]) => {
    const run = spawnSync(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'import', ...args], {
      encoding: 'utf8',
    })
    return { code: run.status, stdout: run.stdout.replaceAll(work, ''), stderr: run.stderr.replaceAll(work, '') }
  }
  const ready = () =>
    directoryWith('ready', {
      '10.0.0.1/keepalived.conf': keepalivedWith('priority 120'),
      '10.0.0.2/keepalived.conf': keepalivedWith('priority 100'),
      'haproxy.cfg': HAPROXY,
    })

  test('prints lb.yaml alone to stdout, and the report with the proof of the old files to stderr', () => {
    const { code, stdout, stderr } = lbAgent(ready())
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^# yaml-language-server[\s\S]*\nservices:\n/)
    assert.match(
      stderr,
      /^Read:\n {2}10\.0\.0\.1\/keepalived\.conf, 10\.0\.0\.2\/keepalived\.conf, haproxy\.cfg\n {2}nodes: /,
    )
    assert.match(stderr, /VIP 10\.0\.0\.10 +protocol +VRRPv2 +→ VRRPv3\n/)
    assert.match(stderr, /10\.0\.0\.10: 10\.0\.0\.1 holds it\n/)
    assert.match(stderr, /\nnext: lb-agent import \/ready --out NEW-DIRECTORY writes it, with its JSON Schema\n$/)
  })

  test('writes into --out, and never over an lb.yaml', () => {
    const out = join(work, 'out')
    const first = lbAgent(ready(), '--out', out, '--cluster', 'home')
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stdout, /\nwrote \/out\/lb\.yaml\nnext: lb-agent validate \/out\/lb\.yaml\n$/)
    assert.deepEqual(readdirSync(out).sort(), ['lb.schema.json', 'lb.yaml'])
    assert.match(readFileSync(join(out, 'lb.yaml'), 'utf8'), /\ncluster: home\n/)
    writeFileSync(join(out, 'lb.yaml'), 'mine')
    assert.deepEqual(lbAgent(ready(), '--out', out), {
      code: 1,
      stdout: '',
      stderr: 'lb-agent: /out/lb.yaml is there already; nothing was read or written\n',
    })
    assert.equal(readFileSync(join(out, 'lb.yaml'), 'utf8'), 'mine')
  })

  test('ends with 1 where a person must fill something in, and says what', () => {
    const out = join(work, 'half')
    const { code, stdout } = lbAgent(
      directoryWith('unnamed', { 'lb1/keepalived.conf': keepalivedWith('') }),
      '--out',
      out,
    )
    assert.equal(code, 1)
    assert.match(stdout, /To be filled in:\n {2}nodes\.lb1\.address: no file says it\n/)
    assert.match(stdout, /\nnext: edit \/half\/lb\.yaml, then: lb-agent validate \/half\/lb\.yaml\n$/)
    assert.ok(existsSync(join(out, 'lb.yaml')))
  })

  test('what is to be filled in is refused by validate, by its name', () => {
    const out = join(work, 'to fill in')
    const files = { 'lb1/keepalived.conf': keepalivedWith('').replace(' interface eth0\n', ''), 'haproxy.cfg': HAPROXY }
    const { stdout } = lbAgent(directoryWith('lacking', files), '--out', out)
    assert.match(
      stdout,
      /\nwrote \/to fill in\/lb\.yaml\nnext: edit \/to fill in\/lb\.yaml, then: lb-agent validate '\/to fill in\/lb\.yaml'\n$/,
    )
    const main = join(import.meta.dirname, '../../src/main.ts')
    const validated = spawnSync(process.execPath, [main, 'validate', out], { encoding: 'utf8' })
    assert.equal(validated.status, 1)
    assert.equal(
      validated.stdout.replaceAll(work, ''),
      `/to fill in/lb.yaml:7:19  nodes.lb1.address is "FILL ME IN"; a node address is an IPv4 or IPv6 address, such as 10.17.3.12 or fd00:17::12, and not loopback, link-local, multicast or 0.0.0.0
/to fill in/lb.yaml:7:44  nodes.lb1.interface is "FILL ME IN"; an interface is the name of a network device: 1-15 letters, digits, "_", "." or "-", such as eth0
2 problems
`,
    )
  })

  test('says all that it found where lb.yaml does not take what the old files say', () => {
    const out = join(work, 'refused-out')
    const { code, stdout, stderr } = lbAgent(
      directoryWith('refused', {
        '10.0.0.10/keepalived.conf': keepalivedWith('priority 120'),
        'lb2/keepalived.conf': keepalivedWith('priority 100'),
        'haproxy.cfg': HAPROXY,
      }),
      '--out',
      out,
    )
    assert.equal(code, 1)
    assert.equal(stderr, '')
    assert.match(stdout, /^Read:\n[\s\S]*\nWhat the old files do:\n\n10\.0\.0\.10: /)
    assert.equal(
      stdout.slice(stdout.indexOf('What the old files say')),
      `What the old files say, and lb.yaml does not take (change it there):
  /refused-out/lb.yaml:16:19  vips.web.address is "10.0.0.10"; nodes.10.0.0.10.address has this address already

To be filled in:
  nodes.lb2.address: no file says it

wrote /refused-out/lb.yaml
next: edit /refused-out/lb.yaml, then: lb-agent validate /refused-out/lb.yaml
`,
    )
  })

  test('ends with 2 for what is no directory or no name', () => {
    assert.deepEqual(lbAgent(join(work, 'gone')), {
      code: 2,
      stdout: '',
      stderr:
        'lb-agent: /gone is no directory; import takes that of an Ansible project, or one with the haproxy.cfg and keepalived.conf of each node\n',
    })
    assert.equal(lbAgent(ready(), '--cluster', 'a b').code, 2)
    assert.deepEqual(lbAgent(ready(), '--out', join(ready(), 'haproxy.cfg')), {
      code: 2,
      stdout: '',
      stderr: 'lb-agent: --out /ready/haproxy.cfg is no directory; lb.yaml is written into one, which may be new\n',
    })
  })

  test('--json has all of it', () => {
    const { code, stdout } = lbAgent(ready(), '--json')
    const said = JSON.parse(stdout)
    assert.equal(code, 0)
    assert.deepEqual(Object.keys(said), [
      'ok',
      'lbYaml',
      'refused',
      'nodes',
      'read',
      'toFillIn',
      'notCarriedOver',
      'differences',
      'problems',
      'old',
    ])
    assert.equal(said.ok, true)
  })

  test('shows no secret of the old files', () => {
    for (const project of ['kubeadm-guide', 'ansible-k3s', 'ansible-roles']) {
      for (const json of [[], ['--json']]) {
        const { stdout, stderr } = lbAgent(join(IMPORT_FIXTURES, project, 'project'), ...json)
        assert.doesNotMatch(`${stdout}${stderr}`, /not-to-be-shown|k8s-vip|lab-1234|ANSIBLE_VAULT/)
      }
    }
  })
})
