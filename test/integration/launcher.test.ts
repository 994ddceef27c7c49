import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { exec } from '../../src/exec.ts'

/** A program in the place of Node, which says what it was given. */
const TELLS = `#!/bin/sh
if [ "$*" = --version ]; then echo VERSION; exit; fi
echo "NAME of $LB_AGENT_LAUNCHER with \${MALLOC_ARENA_MAX-no} arena:" "$@"
exit 7
`

suite('the launcher', { timeout: 30_000 }, () => {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent launcher '))
  const directory = join(base, 'lib')
  const launcher = join(directory, 'lb-agent')
  const path = join(base, 'bin')
  before(() => {
    for (const made of [directory, path]) mkdirSync(made)
    copyFileSync(join(import.meta.dirname, '../../src/launcher.sh'), launcher)
    chmodSync(launcher, 0o755)
    symlinkSync(launcher, join(path, 'lb-agent'))
  })
  after(() => rmSync(base, { recursive: true, force: true }))

  const node = (file: string, name: string, version = 'v24.1.0'): void => {
    writeFileSync(file, TELLS.replace('NAME', name).replace('VERSION', version))
    chmodSync(file, 0o755)
  }
  const call = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<[number, string]> => {
    const result = await exec(join(path, 'lb-agent'), args, {
      timeoutMs: 5_000,
      env: { PATH: `${path}:/usr/bin:/bin`, ...env },
    })
    assert.equal(result.kind, 'exited', JSON.stringify(result))
    return [result.kind === 'exited' ? result.code : -1, `${result.stdout.toString('utf8')}${result.stderr}`.trim()]
  }

  test('takes the node of PATH if it is new enough, and says so if it is not', async () => {
    const onPath = join(path, 'node')
    node(onPath, 'one on PATH')
    assert.deepEqual(await call(['status', '--json']), [
      7,
      `one on PATH of ${launcher} with no arena: ${directory}/lb-agent.mjs status --json`,
    ])
    for (const version of ['v20.19.0', 'no version']) {
      node(onPath, 'an old one', version)
      assert.deepEqual(await call(['status']), [
        2,
        `lb-agent: ${onPath} is ${version}; lb-agent needs Node.js 24 or newer. Name one: LB_AGENT_NODE=/path/to/node`,
      ])
    }
  })

  test('prefers the node beside the bundle, and LB_AGENT_NODE to any other', async () => {
    node(join(directory, 'node'), 'the one beside it')
    const [, beside] = await call(['status'])
    assert.equal(beside, `the one beside it of ${launcher} with no arena: ${directory}/lb-agent.mjs status`)
    const named = join(base, 'a named one')
    node(named, 'the named one')
    const [, said] = await call([], { LB_AGENT_NODE: named })
    assert.equal(said, `the named one of ${launcher} with no arena: ${directory}/lb-agent.mjs`)
  })

  test('starts the daemon with little memory, and passes every argument on as it is', async () => {
    const [code, said] = await call(['run', '--config', 'a  b', '', '*'])
    const start = `the one beside it of ${launcher} with 1 arena:`
    assert.deepEqual(
      [code, said],
      [7, `${start} --max-semi-space-size=1 ${directory}/lb-agent.mjs run --config a  b  *`],
    )
  })

  test('says what to do when there is no node', async () => {
    for (const file of [join(directory, 'node'), join(path, 'node')]) rmSync(file)
    const tools = join(base, 'tools')
    mkdirSync(tools)
    symlinkSync('/usr/bin/readlink', join(tools, 'readlink'))
    assert.deepEqual(await call(['status'], { PATH: tools }), [
      2,
      'lb-agent: Node.js is not installed; install Node.js 24 or newer, or name one: LB_AGENT_NODE=/path/to/node',
    ])
  })
})
