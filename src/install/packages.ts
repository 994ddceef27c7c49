import { existsSync } from 'node:fs'
import { describeFailure, exec, succeeded } from '../exec.ts'
import { type Distribution, isProgram, type PackageManager } from './distribution.ts'
import { done, failed, type Obstacle, type Step } from './options.ts'

/** What a node needs besides lb-agent. `there`: is it on this host? */
type Need = { name: string; packages: { apt: string; dnf: string }; why: string; there(): boolean }

const POLKIT = ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd', '/usr/lib/policykit-1/polkitd']

const NEEDS: readonly Need[] = [
  program('haproxy', 'it serves the clients'),
  program('keepalived', 'it holds the VIPs'),
  program('git', 'the configuration comes from a repository'),
  program('ssh-keyscan', 'the repository is read by ssh', { apt: 'openssh-client', dnf: 'openssh-clients' }),
  program('setpriv', 'checks are made as the agent’s user', { apt: 'util-linux', dnf: 'util-linux' }),
  {
    name: 'polkit',
    packages: { apt: 'polkitd', dnf: 'polkit' },
    why: 'the agent has no right of its own to reload HAProxy and keepalived',
    there: () => POLKIT.some((path) => existsSync(path)),
  },
]

const INSTALLS_WITHIN_MS = 600_000

/** The step that installs what is missing, or why this host cannot have it; undefined where all is there. */
export function packagesStep(distribution: Distribution): Step | { obstacles: Obstacle[] } | undefined {
  const missing = NEEDS.filter((need) => !need.there())
  if (missing.length === 0) return undefined
  const { manager, name } = distribution
  if (manager === 'sysext') return { obstacles: missing.map(missingExtension) }
  if (manager === 'none')
    return {
      obstacles: missing.map((need) => ({
        what: `${need.name} is not installed (${need.why}), and lb-agent knows no package manager of ${name}`,
        fix: `install ${need.name} as this distribution does it, then run lb-agent install again`,
      })),
    }
  const packages = missing.map((need) => need.packages[manager])
  return {
    what: `install ${packages.join(', ')} (${toolOf(manager)})`,
    perform: async (signal) => {
      const [file, ...words] = commandOf(manager, packages)
      const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
      const result = await exec(file, words, { timeoutMs: INSTALLS_WITHIN_MS, signal, env })
      if (succeeded(result) && NEEDS.every((need) => need.there())) return done()
      return failed(
        `${[file, ...words].join(' ')}: ${describeFailure(result)}`,
        'install them by hand, then run lb-agent install again; it begins where it ended',
      )
    },
  }
}

function missingExtension({ name, why }: Need): Obstacle {
  const link = `/etc/extensions/${name}.raw`
  if (existsSync(link))
    return {
      what: `extension ${link} is there, but ${name} is not: systemd has not merged it (another SYSEXT_LEVEL, another architecture, or not yet)`,
      fix: 'SYSTEMD_LOG_LEVEL=debug systemd-sysext refresh says why; then run lb-agent install again',
    }
  return {
    what: `${name} is missing (${why}), and Flatcar has no package manager`,
    fix: `put ${name}-….raw of https://extensions.flatcar.org into /opt/extensions/${name}/, link ${link} to it, systemctl restart systemd-sysext; better: examples/flatcar has the Butane file that brings all of it at the first boot`,
  }
}

function commandOf(manager: 'apt' | 'dnf', packages: readonly string[]): [string, ...string[]] {
  return manager === 'apt'
    ? ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages]
    : ['dnf', 'install', '-y', '--setopt=install_weak_deps=False', ...packages]
}

function toolOf(manager: Exclude<PackageManager, 'sysext' | 'none'>): string {
  return manager === 'apt' ? 'apt-get' : 'dnf'
}

function program(name: string, why: string, packages = { apt: name, dnf: name }): Need {
  return { name, packages, why, there: () => isProgram(name) }
}
