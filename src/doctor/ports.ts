import { commOf } from '../daemons/pid-file.ts'
import { describeFailure, exec, succeeded } from '../exec.ts'
import type { Check } from './check.ts'
import { listenersOf, portVerdict } from './verdicts/ports.ts'

export const PORT_CHECKS: readonly Check[] = [
  {
    family: 'ports',
    name: 'ports',
    look: async ({ config, desired }, signal) => {
      if (desired.kind === 'unknown') return {}
      const words = ['--no-header', '--listening', '--tcp', '--numeric', '--processes']
      const said = await exec('ss', words, { timeoutMs: 4_000, signal })
      if (!succeeded(said)) throw new Error(`ss: ${describeFailure(said)}`)
      const listeners = listenersOf(said.stdout.toString('utf8'))
      const { spec, node } = desired
      const services = spec.services.flatMap(({ name, vip: vipName, port }) => {
        const vip = spec.vips.find((candidate) => candidate.name === vipName)
        if (vip === undefined || !vip.prefer.includes(node.name)) return []
        return [{ what: `service ${name}`, address: vip.address, port }]
      })
      const health = { what: 'the health listener', address: '127.0.0.1', port: spec.haproxy.healthPort }
      const haproxy = commOf(config.haproxy.binary)
      return Object.fromEntries(
        [...services, health].map((wanted) => [
          `port ${wanted.port} of ${wanted.what}`,
          portVerdict(wanted, listeners, haproxy),
        ]),
      )
    },
  },
]
