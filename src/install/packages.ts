import { existsSync } from 'node:fs'
import { cleanText } from '../clean-text.ts'
import { describeFailure, type ExecResult, exec, succeeded } from '../exec.ts'
import { howToInstall, isExtension, type PackageManager, type PackageNames, packagesOf } from '../how-to-install.ts'
import { isProgram } from '../is-program.ts'
import type { Distribution } from './distribution.ts'
import { done, failed, type Obstacle, type Step, type StepResult } from './options.ts'

/** What a node needs besides lb-agent. */
export type Need = { name: string; packages: PackageNames; why: string }

/** `step`: it installs what is missing. `obstacles`: why this host cannot have it. */
export type PackagesPlan =
  | { kind: 'there' }
  | { kind: 'step'; step: Step }
  | { kind: 'obstacles'; obstacles: Obstacle[] }

const POLKIT = ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd', '/usr/lib/policykit-1/polkitd']
const FETCHES_WITHIN_MS = 600_000
const INSTALLS_WITHIN_MS = 600_000

export const NEEDS: readonly Need[] = [
  program('haproxy', 'it serves the clients'),
  program('keepalived', 'it holds the VIPs'),
  program('git', 'the configuration comes from a repository'),
  program('ssh-keyscan', 'the repository is read by ssh'),
  program('setpriv', 'checks are made as the agent’s user'),
  program('ss', 'it tells who listens on a port'),
  program('polkit', 'the agent has no right of its own to reload HAProxy and keepalived'),
]

/** What of it is not on this host. */
export function missingNeeds(): Need[] {
  return NEEDS.filter(({ name }) => (name === 'polkit' ? !POLKIT.some((path) => existsSync(path)) : !isProgram(name)))
}

/** `hasLink`: extensions (sysext) that are linked, merged or not. */
export function planPackages(
  { manager, name }: Distribution,
  missing: readonly Need[],
  hasLink: (link: string) => boolean,
): PackagesPlan {
  if (missing.length === 0) return { kind: 'there' }
  if (manager === 'sysext')
    return { kind: 'obstacles', obstacles: missing.map((need) => missingExtension(need, hasLink)) }
  if (manager === 'none')
    return {
      kind: 'obstacles',
      obstacles: missing.map((need) => ({
        what: `${need.name} is not installed (${need.why}), and lb-agent knows no package manager of ${name === 'unknown' ? 'this distribution' : name}`,
        fix: `${howToInstall(need.name, manager)}, then run lb-agent install again`,
      })),
    }
  const packages = missing.map((need) => need.packages[manager])
  const perform: Step['perform'] = (signal) => install(manager, packages, signal)
  return { kind: 'step', step: { what: `install ${packages.join(', ')} (${toolOf(manager)})`, perform } }
}

async function install(manager: 'apt' | 'dnf', packages: readonly string[], signal: AbortSignal): Promise<StepResult> {
  const { fetch, refresh, unpack } = commandsOf(manager, packages)
  if (!succeeded(await run(fetch, FETCHES_WITHIN_MS, signal))) {
    // A host that was never asked for packages knows none; and one of many sources may fail without harm.
    const refreshed = await run(refresh, FETCHES_WITHIN_MS, signal)
    const fetched = await run(fetch, FETCHES_WITHIN_MS, signal)
    if (!succeeded(fetched)) return succeeded(refreshed) ? undone(fetch, fetched) : undone(refresh, refreshed)
  }
  // A dpkg or an rpm that is killed leaves a package half configured: this one ends when it ends.
  const unpacked = await run(unpack, INSTALLS_WITHIN_MS, undefined)
  if (!succeeded(unpacked)) return undone(unpack, unpacked)
  const missing = missingNeeds()
  if (missing.length === 0) return done()
  return failed(
    `${unpack.join(' ')} ended well, but ${missing.map(({ name }) => name).join(', ')} is not there`,
    'look for it in another package of this distribution, then run lb-agent install again; it begins where it ended',
  )
}

type Words = readonly [string, ...string[]]

/** Fetching may be interrupted; unpacking finds all of it fetched. */
export function commandsOf(
  manager: 'apt' | 'dnf',
  packages: readonly string[],
): { fetch: Words; refresh: Words; unpack: Words } {
  if (manager === 'dnf') {
    const words = ['dnf', 'install', '-y', '--setopt=install_weak_deps=False'] as const
    return {
      fetch: [...words, '--downloadonly', ...packages],
      refresh: ['dnf', 'makecache'],
      unpack: [...words, ...packages],
    }
  }
  // Another apt may run, such as that of the first boot. A file that a person has written stays.
  const wait = ['-o', 'DPkg::Lock::Timeout=120'] as const
  const keep = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'] as const
  const words = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...wait, ...keep] as const
  return {
    fetch: [...words, '--download-only', ...packages],
    refresh: ['apt-get', 'update', '-q', ...wait, '-o', 'APT::Update::Error-Mode=any'],
    unpack: [...words, ...packages],
  }
}

function run([file, ...words]: Words, timeoutMs: number, signal: AbortSignal | undefined): Promise<ExecResult> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  return exec(file, words, { timeoutMs, signal, env })
}

function undone([file, ...words]: Words, result: ExecResult): StepResult {
  // What apt and dnf say of their own errors, without the warnings before them.
  const errors = result.stderr.split('\n').filter((line) => /^(?:E:|Error|dpkg: error)/.test(line))
  const why =
    errors.length > 0 && result.kind === 'exited'
      ? `exit code ${result.code}: ${errors.slice(0, 3).join(' | ')}`
      : describeFailure(result)
  const shown = words.filter((word, index) => word !== '-o' && words[index - 1] !== '-o')
  return failed(
    `${[file, ...shown].join(' ')}: ${cleanText(why, 600)}`,
    'mend what it says (network, sources, disk), or install them by hand; then run lb-agent install again: it begins where it ended',
  )
}

function missingExtension({ name, why }: Need, hasLink: (link: string) => boolean): Obstacle {
  if (isExtension(name)) {
    const link = `/etc/extensions/${name}.raw`
    if (hasLink(link))
      return {
        what: `extension ${link} is there, but ${name} is not: systemd has not merged it (another SYSEXT_LEVEL, another architecture, or not yet)`,
        fix: 'SYSTEMD_LOG_LEVEL=debug systemd-sysext refresh says why; then run lb-agent install again',
      }
    return {
      what: `${name} is missing (${why}), and Flatcar has no package manager`,
      fix: `${howToInstall(name, 'sysext')}; better: examples/flatcar has the Butane file that brings all of it at the first boot`,
    }
  }
  return {
    what: `${name} is missing (${why}), which is part of Flatcar itself`,
    fix: 'is this a Flatcar of today? update_engine_client -update; then run lb-agent install again',
  }
}

function toolOf(manager: Exclude<PackageManager, 'sysext' | 'none'>): string {
  return manager === 'apt' ? 'apt-get' : 'dnf'
}

function program(name: string, why: string): Need {
  return { name, packages: packagesOf(name), why }
}
