import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CLEAN_ENV, describeFailure, exec, succeeded } from '../../src/exec.ts'
import { DEFAULT_MIRROR, debianMirror } from './debian-mirror.ts'

/** Kept between runs: making one takes more than a minute. */
const IMAGES = '/var/cache/lb-agent-test'
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'polkitd', 'iproute2', 'procps', 'ca-certificates'],
  ...['util-linux', 'haproxy', 'keepalived', 'git', 'openssh-client', 'libstdc++6'],
]
const MADE_WITHIN_MS = 600_000
const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy']

/** A minimal Debian with HAProxy and keepalived as the distribution ships them, to be mounted below what a test writes. */
export async function debianImage(suite: 'bookworm' | 'trixie'): Promise<string> {
  const image = join(IMAGES, suite)
  mkdirSync(IMAGES, { recursive: true })
  removeHalfMade()
  if (existsSync(image)) return image
  const half = `${image}.${process.pid}`
  const near = process.env['LB_AGENT_TEST_MIRROR'] ?? debianMirror() ?? DEFAULT_MIRROR
  const failures: string[] = []
  // A mirror that is near may lack a release, or be a moment out of step with itself.
  for (const mirror of [near, near, DEFAULT_MIRROR]) {
    const failure = await make(suite, half, mirror)
    if (failure === undefined) return keep(half, image)
    failures.push(`${mirror}: ${failure}`)
    rmSync(half, { recursive: true, force: true })
  }
  const hint = 'LB_AGENT_TEST_MIRROR names another mirror'
  throw new Error([`debootstrap ${suite} failed ${failures.length} times; ${hint}.`, ...failures].join('\n'))
}

/** Why it failed; undefined when it did not. */
async function make(suite: string, half: string, mirror: string): Promise<string | undefined> {
  const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`]
  const proxies = PROXIES.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  // In a mount namespace of its own: what debootstrap has mounted ends with it, so that nothing is deleted through it.
  const argv = ['--mount', '--propagation', 'private', 'debootstrap', ...options, suite, half, mirror]
  const made = await exec('unshare', argv, {
    timeoutMs: MADE_WITHIN_MS,
    env: { ...CLEAN_ENV, ...Object.fromEntries(proxies) },
  })
  if (succeeded(made)) return undefined
  return [describeFailure(made), ...lastLines(made.stdout.toString('utf8')), ...lastLines(logOf(half))].join('\n  ')
}

/** Another process may have been faster; then its image is as good. */
function keep(half: string, image: string): string {
  if (existsSync(image)) rmSync(half, { recursive: true, force: true })
  else renameSync(half, image)
  return image
}

/** What a process has begun that is dead. */
function removeHalfMade(): void {
  for (const name of readdirSync(IMAGES)) {
    const pid = /^\w+\.(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(IMAGES, name), { recursive: true, force: true })
  }
}

function lastLines(text: string): string[] {
  return text.trimEnd().split('\n').filter(Boolean).slice(-5)
}

function logOf(half: string): string {
  try {
    return readFileSync(join(half, 'debootstrap/debootstrap.log'), 'utf8')
  } catch {
    return ''
  }
}
