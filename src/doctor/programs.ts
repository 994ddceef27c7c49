import { exporterIn, SERVE_BY_AGENT } from '../daemons/haproxy-exporter.ts'
import { describeFailure, type ExecResult, exec } from '../exec.ts'
import { parseAddress } from '../source/address.ts'
import type { Check } from './check.ts'
import { haproxyVerdict, keepalivedVerdict, presentVerdict, type Said } from './verdicts/programs.ts'

export const PROGRAM_CHECKS: readonly Check[] = [
  {
    family: 'programs',
    name: 'haproxy',
    look: async ({ config, desired, manager }, signal) => {
      const services = desired.kind === 'known' ? desired.spec.services : []
      const said = await ask(config.haproxy.binary, '-vv', signal)
      const exporter = said.kind === 'said' ? exporterIn(said.text) : undefined
      const wants = {
        ...{ metrics: config.metrics.haproxy, serveByAgent: SERVE_BY_AGENT },
        checkedByTls: services.filter(({ check }) => check.kind === 'https').map(({ name }) => name),
      }
      return {
        haproxy: haproxyVerdict(said, exporter, wants, manager),
      }
    },
  },
  {
    family: 'programs',
    name: 'keepalived',
    look: async ({ config, manager }, signal) => ({
      keepalived: keepalivedVerdict(await ask(config.keepalived.binary, '--version', signal), manager),
    }),
  },
  {
    family: 'programs',
    name: 'git',
    look: async ({ manager }, signal) => ({
      git: presentVerdict('git', await ask('git', '--version', signal), manager),
    }),
  },
  {
    family: 'programs',
    name: 'ssh',
    look: async ({ config, manager }, signal) => {
      const address = parseAddress(config.repository.url)
      if (address.kind === 'refused' || address.protocol !== 'ssh') return {}
      return { ssh: presentVerdict('ssh', await ask('ssh', '-V', signal), manager) }
    },
  },
]

async function ask(program: string, question: string, signal: AbortSignal): Promise<Said> {
  return saidOf(await exec(program, [question], { timeoutMs: 4_000, signal }))
}

/** keepalived tells its version on stderr. */
function saidOf(result: ExecResult): Said {
  if (result.kind === 'missing') return { kind: 'missing' }
  if (result.kind !== 'exited' || result.code !== 0) return { kind: 'failed', reason: describeFailure(result) }
  return { kind: 'said', text: `${result.stdout.toString('utf8')}${result.stderr}` }
}
