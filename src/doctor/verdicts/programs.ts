import { howToInstall, howToReinstall, type PackageManager } from '../../how-to-install.ts'
import { cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** What a program printed when it was asked, or why it could not be asked. */
export type Said = { kind: 'said'; text: string } | { kind: 'missing' } | { kind: 'failed'; reason: string }

/** The oldest that the tests run with. */
const OLDEST = { haproxy: '2.6', keepalived: '2.2.7' }

/** `checkedByTls`: services whose servers HAProxy asks by https. */
export type Wants = { metrics: 'builtin' | 'agent'; serveByAgent: string; checkedByTls: readonly string[] }

/** `said`: of `haproxy -vv`. `exporter`: whether it has one, false and undefined (it does not say) as that tells. */
export function haproxyVerdict(
  said: Said,
  exporter: boolean | undefined,
  wants: Wants,
  manager: PackageManager,
): Verdict {
  const { metrics, serveByAgent, checkedByTls } = wants
  const found = programVerdict('haproxy', said, manager, /HA-?Proxy version (\d+(?:\.\d+)+)/i)
  if (found.kind === 'verdict') return found.verdict
  if (checkedByTls.length > 0 && /^Feature list\b.* -OPENSSL(?: |$)/m.test(found.text))
    return problem(
      `HAProxy ${found.version} was built without TLS (OPENSSL), and asks the servers of ${checkedByTls.join(', ')} by https: it refuses its file.`,
      `install the distribution's haproxy (${howToInstall('haproxy', manager)}), or check: { type: tcp } in lb.yaml`,
    )
  if (metrics === 'agent') return ok(`HAProxy ${found.version}; the agent serves its figures (metrics.haproxy: agent).`)
  if (exporter === false)
    return problem(
      `HAProxy ${found.version} was built without its exporter (PROMEX), and agent.yaml says metrics.haproxy: builtin.`,
      serveByAgent,
    )
  if (exporter === undefined)
    return cannotTell(`HAProxy ${found.version} does not say whether it has its exporter (PROMEX).`)
  return ok(`HAProxy ${found.version}, with its exporter (PROMEX).`)
}

/** `said`: of `keepalived --version`, its build options with it. */
export function keepalivedVerdict(said: Said, manager: PackageManager): Verdict {
  const found = programVerdict('keepalived', said, manager, /Keepalived v(\d+(?:\.\d+)+)/)
  if (found.kind === 'verdict') return found.verdict
  const options = /^Config options:(.*)$/m.exec(found.text)?.[1]?.trim().split(/\s+/)
  if (options === undefined) return cannotTell(`keepalived ${found.version} does not say how it was built.`)
  if (!options.includes('VRRP'))
    return problem(
      `keepalived ${found.version} was built without VRRP: it can hold no VIP.`,
      `install the distribution's keepalived (${howToInstall('keepalived', manager)})`,
    )
  return options.includes('JSON')
    ? ok(`keepalived ${found.version}, with VRRP and JSON.`)
    : ok(`keepalived ${found.version}, with VRRP; without JSON, so that its text dump is read.`)
}

/** A program that is only needed to be there. */
export function presentVerdict(name: string, said: Said, manager: PackageManager): Verdict {
  switch (said.kind) {
    case 'said':
      return ok(`${said.text.trim().split('\n')[0]}.`)
    case 'missing':
      return problem(`${name} is not installed, and the agent cannot do without it.`, howToInstall(name, manager))
    case 'failed':
      return cannotTell(`${name} did not say its version: ${said.reason}.`)
    default:
      return said satisfies never
  }
}

function programVerdict(
  name: keyof typeof OLDEST,
  said: Said,
  manager: PackageManager,
  pattern: RegExp,
): { kind: 'verdict'; verdict: Verdict } | { kind: 'runs'; version: string; text: string } {
  if (said.kind === 'missing')
    return {
      kind: 'verdict',
      verdict: problem(
        `${name} is not installed, or ${name}.binary in agent.yaml names another file.`,
        howToInstall(name, manager),
      ),
    }
  if (said.kind === 'failed')
    return {
      kind: 'verdict',
      verdict: problem(`${name} does not run: ${said.reason}.`, `reinstall it: ${howToReinstall(name, manager)}`),
    }
  const version = pattern.exec(said.text)?.[1]
  if (version === undefined) return { kind: 'verdict', verdict: cannotTell(`${name} does not say its version.`) }
  if (isOlder(version, OLDEST[name])) {
    const why = `${name} ${version} is older than ${OLDEST[name]}, the oldest that lb-agent is tested with.`
    return { kind: 'verdict', verdict: cannotTell(why, `a newer ${name}, of the distribution's next release`) }
  }
  return { kind: 'runs', version, text: said.text }
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version.split('.').map(Number), than.split('.').map(Number)]
  const at = b.findIndex((part, index) => (a[index] ?? 0) !== part)
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}
