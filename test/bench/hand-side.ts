import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readLoadedRelease } from '../../src/daemons/haproxy-state.ts'
import { ipBatch } from '../../src/drill/ip.ts'
import type { Lab } from '../../src/drill/lab.ts'
import { until } from '../../src/drill/lab-agents.ts'
import { CLEAN_ENV } from '../../src/exec.ts'
import type { Side } from './measure.ts'

const SERVES_WITHIN_MS = 10_000
/** The agent looks as often. */
const LOOK_EVERY_MS = 15

/**
 * The other side: HAProxy as a person runs it on the node: no agent, no keepalived, the address added by hand, the two
 * files of `files` written in turn, SIGUSR2 to the master. The release ids in the files prove each reload.
 */
export function createHandSide(lab: Lab, options: { node: string; address: string; files: readonly string[] }): Side {
  const directory = join(lab.directory, 'by-hand')
  const file = join(directory, 'haproxy.cfg')
  const logFile = join(directory, 'haproxy.log')
  const statsSocket = join(lab.nodeDirectory(options.node), 'run', 'haproxy.sock')
  const namespace = lab.network.namespace(options.node)
  let turn = 0
  let master: ChildProcess | undefined
  mkdirSync(directory)

  const write = (): string => {
    const text = options.files[turn % 2] ?? ''
    turn += 1
    writeFileSync(file, text)
    return releaseIn(text)
  }
  const serves = async (release: string): Promise<void> => {
    const deadline = performance.now() + SERVES_WITHIN_MS
    for (;;) {
      const loaded = await readLoadedRelease(statsSocket, 500)
      if (loaded.kind === 'answer' && loaded.text === release) return
      if (performance.now() > deadline) {
        const said = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join(' | ')
        const last = loaded.kind === 'answer' ? `its worker carries ${loaded.text}` : loaded.reason
        throw new Error(`HAProxy by hand does not serve ${release}: ${last}; its log: ${said}`)
      }
      await sleep(LOOK_EVERY_MS)
    }
  }
  return {
    name: 'by hand',
    start: async () => {
      const release = write()
      await ipBatch(namespace, [`address add ${options.address}/32 dev eth0`])
      // The arguments of the agent's own HAProxy. `ip netns exec` becomes HAProxy, so the pid is the master's.
      const args = ['-W', '-f', file, '-p', join(directory, 'pid'), '-S', `${join(directory, 'master.sock')},mode,600`]
      const log = openSync(logFile, 'a')
      const stdio: StdioOptions = ['ignore', log, log]
      master = spawn('ip', ['netns', 'exec', namespace, 'haproxy', ...args], { stdio, env: CLEAN_ENV })
      closeSync(log)
      await serves(release)
    },
    reload: async () => {
      const startedAt = performance.now()
      const release = write()
      const toldAt = performance.now()
      master?.kill('SIGUSR2')
      await serves(release)
      const endedAt = performance.now()
      return { reloadMs: endedAt - toldAt, changeMs: endedAt - startedAt }
    },
    stop: async () => {
      const ended = master
      ended?.kill('SIGTERM')
      const isGone = async (): Promise<boolean> => ended?.exitCode !== null || ended.signalCode !== null
      await until('HAProxy by hand ends', SERVES_WITHIN_MS, isGone)
      await ipBatch(namespace, [`address delete ${options.address}/32 dev eth0`])
    },
  }
}

function releaseIn(text: string): string {
  const release = /\b[0-9a-f]{12}-[0-9a-f]{8}\b/.exec(text)?.[0]
  if (release === undefined) throw new Error('a rendered haproxy.cfg carries no release id')
  return release
}
