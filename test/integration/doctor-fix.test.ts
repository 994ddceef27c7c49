import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { inNamespace } from '../../src/drill/ip.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { createNetwork, type Network } from '../../src/drill/network.ts'
import { type ExecResult, exec } from '../../src/exec.ts'
import { missingForDaemons } from '../support/requirements.ts'

const skip = missingForDaemons()
const MAIN = join(import.meta.dirname, '../../src/main.ts')
/** A user with a group of the same name, on every Debian. */
const USER = 'daemon'

let network: Network
let directory: string

before(async () => {
  if (skip !== false) return
  // The sysctls of the machine itself are not for a test to mend.
  network = await createNetwork(`fix${process.pid}`, [{ name: 'lb1', addresses: ['10.9.9.1'], interface: 'eth0' }])
  directory = mkdtempSync(join(tmpdir(), 'lb-agent-fix-'))
  chmodSync(directory, 0o755)
})
after(async () => {
  if (skip !== false) return
  await network.close()
  rmSync(directory, { recursive: true, force: true })
})

function doctor(...words: readonly string[]): Promise<ExecResult> {
  const where = ['netns', 'exec', network.namespace('lb1')]
  return exec('ip', [...where, ...words, '--config', join(directory, 'agent.yaml')], { timeoutMs: 60_000 })
}

/** As much of an agent as the doctor asks for, as a user that is not root. */
const AGENT = `require('node:http').createServer((_, answer) => answer.end('{}')).listen(process.argv[1])`

test('mends the mode of a directory and makes one that is missing, for the user of the agent', { skip }, async () => {
  const [state, runtime, etc] = [join(directory, 'state'), join(directory, 'run'), join(directory, 'etc')]
  const [live, missing] = [join(etc, 'haproxy'), join(etc, 'keepalived')]
  for (const path of [state, runtime, live]) mkdirSync(path, { recursive: true })
  const uid = Number((await inNamespace(network.namespace('lb1'), ['id', '-u', USER])).trim())
  for (const path of [state, runtime]) chownSync(path, uid, uid)
  const paths = `state: ${state}, runtime: ${runtime}, haproxyConfig: ${live}/haproxy.cfg, keepalivedConfig: ${missing}/keepalived.conf`
  writeFileSync(
    join(directory, 'agent.yaml'),
    `node: lb1\nrepository: { url: /nowhere }\nsupervisor: embedded\npaths: { ${paths} }\n`,
  )
  const socket = join(runtime, 'control.sock')
  const as = [`--reuid=${USER}`, `--regid=${USER}`, '--init-groups']
  const agent = spawn('setpriv', [...as, process.execPath, '-e', AGENT, socket], { stdio: 'ignore' })
  try {
    await until('it answers', 10_000, async () => existsSync(socket))
    writeFileSync(join(state, 'lock'), String(agent.pid))
    const result = await doctor(process.execPath, MAIN, 'doctor', '--fix', '--json')
    // What else is wrong here is left: nothing runs, and there is no repository.
    assert.equal(result.kind === 'exited' && result.code, 1, result.stderr)
    const { steps, mended } = JSON.parse(result.stdout.toString('utf8'))
    const done = { family: 'files', outcome: 'done', reason: null }
    assert.deepEqual(steps, [
      { ...done, about: live, step: `chgrp ${USER} ${live}` },
      { ...done, about: live, step: `chmod 2775 ${live}` },
      { ...done, about: missing, step: `install -d -o ${USER} -g ${USER} -m 2775 ${missing}` },
    ])
    assert.deepEqual(mended, [
      { family: 'files', about: live },
      { family: 'files', about: missing },
    ])
    for (const path of [live, missing]) {
      const { mode, gid } = statSync(path)
      assert.deepEqual([(mode & 0o7777).toString(8), gid], ['2775', uid], path)
    }
  } finally {
    agent.kill()
  }
})

test('changes nothing without root, and says so', { skip }, async () => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const result = await doctor(...nobody, process.execPath, MAIN, 'doctor', '--fix')
  assert.equal(result.kind === 'exited' && result.code, 2, result.stderr)
  assert.equal(
    result.stderr,
    'lb-agent: doctor --fix sees and changes what only root may: run it as root, or with sudo; nothing was changed\n',
  )
})

test('--dry-run alone is refused', { skip }, async () => {
  const result = await doctor(process.execPath, MAIN, 'doctor', '--dry-run')
  assert.equal(result.kind === 'exited' && result.code, 2)
  assert.equal(result.stderr, 'lb-agent: --dry-run goes with --fix\n')
})
