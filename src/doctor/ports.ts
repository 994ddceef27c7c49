import { readFileSync, readlinkSync } from 'node:fs'
import { commOf } from '../daemons/pid-file.ts'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import { type Listener, listenersOf, portVerdict, programName } from './verdicts/ports.ts'

export const PORT_CHECKS: readonly Check[] = [
  {
    family: 'ports',
    name: 'ports',
    look: async ({ config, desired }, signal) => {
      if (desired.kind === 'unknown') return {}
      const words = ['--no-header', '--listening', '--tcp', '--numeric', '--processes']
      const said = await exec('ss', words, { timeoutMs: 4_000, signal })
      if (!succeeded(said)) throw new Error(`ss: ${describeFailure(said)}`)
      const haproxy = commOf(config.haproxy.binary)
      const listeners = listenersOf(said.stdout.toString('utf8')).map((listener) =>
        listener.process === haproxy ? listener : named(listener),
      )
      const { spec, node } = desired
      const services = spec.services.flatMap(({ name, vip: vipName, port }) => {
        const vip = spec.vips.find((candidate) => candidate.name === vipName)
        if (vip === undefined || !vip.prefer.includes(node.name)) return []
        return [{ what: `service ${name}`, address: vip.address, port }]
      })
      const health = { what: 'the health listener', address: '127.0.0.1', port: spec.haproxy.healthPort }
      return Object.fromEntries(
        [...services, health].map((wanted) => [
          `port ${wanted.port} of ${wanted.what}`,
          portVerdict(wanted, listeners, haproxy),
        ]),
      )
    },
  },
]

/** With the name of its program, where that may be read (root) and it lives. */
function named(listener: Listener): Listener {
  const { process, pid } = listener
  if (process === undefined || pid === undefined) return listener
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
    return { ...listener, process: programName(process, readlinkSync(`/proc/${pid}/exe`), argv) }
  } catch {
    return listener
  }
}
