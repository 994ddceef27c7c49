import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../src/drill/lab-agents.ts'
import { CLEAN_ENV, describeFailure, type ExecResult, exec, succeeded } from '../../src/exec.ts'
import { childrenOf } from '../../src/proc.ts'
import { createCgroup } from './own-cgroup.ts'

/** A machine with a real systemd as process 1, in a network namespace that the test has made. */
export type Booted = {
  name: string
  /** Runs a program inside, as root; its output. Throws when it fails. */
  run(...argv: readonly string[]): Promise<string>
  /** The same, whatever comes of it. */
  tryRun(...argv: readonly string[]): Promise<ExecResult>
  /** Puts a file of this machine inside, or text. */
  path(inside: string): string
  reboot(): Promise<void>
  /** The two halves of it. */
  halt(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

const BOOTS_WITHIN_MS = 60_000
const HALTS_WITHIN_MS = 60_000
const ENDS_WITHIN_MS = 10_000
const RUNS_WITHIN_MS = 120_000

/** The shell becomes setpriv, and that systemd-nspawn: the pid stays. A machine whose test was killed halts by itself. */
const IN_ITS_CGROUP = 'echo $$ >"$0/cgroup.procs" && exec setpriv --pdeathsig TERM systemd-nspawn "$@"'

/**
 * Boots `image` with an overlay of its own in `directory`, so that the image stays as it is and a reboot finds what was
 * written. `binds`: where inside directories of this machine are, read-only.
 */
export async function boot(options: {
  image: string
  directory: string
  name: string
  namespace: string
  binds: Readonly<Record<string, string>>
  /** Changes the machine before its first boot; what it changes is in the overlay. */
  prepare?: (root: string) => void
}): Promise<Booted> {
  const { directory, name, namespace } = options
  const [upper, work, root] = ['upper', 'work', 'root'].map((part) => join(directory, part)) as [string, string, string]
  for (const path of [upper, work, root]) mkdirSync(path, { recursive: true, mode: 0o755 })
  const layers = `lowerdir=${options.image},upperdir=${upper},workdir=${work}`
  await must('mount', ['-t', 'overlay', 'overlay', '-o', layers, root])
  // systemd-nspawn puts what it boots into the group `payload` of its own one. Two machines would share that, and a systemd
  // would wait for the HAProxy of the other machine to end before it starts its own again.
  const cgroup = createCgroup(namespace)
  let machine: { child: ChildProcess; leader: number } | undefined

  const start = async (): Promise<void> => {
    const log = openSync(join(directory, 'console.log'), 'a')
    const args = [
      ...['--quiet', '--boot', `--directory=${root}`, `--machine=${name}`, `--hostname=${name}`],
      // No systemd and no D-Bus on this machine.
      ...['--register=no', '--keep-unit', '--link-journal=no', '--resolv-conf=off', '--timezone=off'],
      ...[`--network-namespace-path=/run/netns/${namespace}`, '--capability=CAP_NET_ADMIN,CAP_NET_RAW'],
      ...Object.entries(options.binds).map(([inside, path]) => `--bind-ro=${path}:${inside}`),
    ]
    const child = spawn('sh', ['-c', IN_ITS_CGROUP, cgroup.path, ...args], {
      stdio: ['ignore', log, log],
      env: { ...CLEAN_ENV, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    })
    closeSync(log)
    let leader: number | undefined
    await until(`${name} boots`, BOOTS_WITHIN_MS, async () => {
      if (hasEnded(child))
        throw new Error(`${name} ended: ${readFileSync(join(directory, 'console.log'), 'utf8').slice(-500)}`)
      // Its first child is one on the way to process 1 of the machine.
      leader = childrenOf(child.pid ?? 0)[0]
      if (leader === undefined) return false
      const state = await inside(leader, ['systemctl', 'is-system-running'], 5_000)
      return /^(?:running|degraded)/.test(state.stdout.toString('utf8'))
    }).catch(async (error: Error) => {
      await kill(child)
      throw error
    })
    if (leader === undefined) throw new Error('unreachable')
    machine = { child, leader }
  }
  const inside = (leader: number, argv: readonly string[], timeoutMs = RUNS_WITHIN_MS): Promise<ExecResult> =>
    exec('nsenter', ['-t', String(leader), '-a', '--', ...argv], {
      timeoutMs,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    })
  const tryRun = async (...argv: readonly string[]): Promise<ExecResult> => {
    if (machine === undefined) throw new Error(`${name} is not running`)
    return inside(machine.leader, argv)
  }
  const kill = async (child: ChildProcess): Promise<void> => {
    cgroup.kill()
    await until(`${name} ends`, ENDS_WITHIN_MS, async () => hasEnded(child))
  }
  const halt = async (): Promise<void> => {
    if (machine === undefined) return
    const { child, leader } = machine
    machine = undefined
    await inside(leader, ['systemctl', 'poweroff', '--no-block'])
    await until(`${name} halts`, HALTS_WITHIN_MS, async () => hasEnded(child)).catch(async (error: Error) => {
      await kill(child)
      throw error
    })
  }
  const clear = async (): Promise<void> => {
    await must('umount', [root])
    rmSync(directory, { recursive: true, force: true })
    await cgroup.remove()
  }
  try {
    writeFileSync(join(root, 'etc/hostname'), `${name}\n`)
    options.prepare?.(root)
    await start()
  } catch (error) {
    await clear()
    throw error
  }
  return {
    name,
    tryRun,
    run: async (...argv) => {
      const result = await tryRun(...argv)
      if (!succeeded(result)) throw new Error(`${name}: ${argv.join(' ')}: ${describeFailure(result)}`)
      return result.stdout.toString('utf8')
    },
    path: (path) => join(root, path),
    halt,
    start,
    reboot: async () => {
      await halt()
      await start()
    },
    close: async () => {
      try {
        await halt()
      } finally {
        await clear()
      }
    },
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function must(file: string, args: readonly string[]): Promise<void> {
  const result = await exec(file, args, { timeoutMs: 30_000 })
  if (!succeeded(result)) throw new Error(`${file} ${args.join(' ')}: ${describeFailure(result)}`)
}
