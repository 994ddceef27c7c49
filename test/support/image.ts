import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'

/** Kept between runs: making one takes more than a minute. */
const IMAGES = '/var/cache/lb-agent-test'
const PACKAGES = [
  ...[
    'systemd',
    'systemd-sysv',
    'dbus',
    'libpam-systemd',
    'polkitd',
    'iproute2',
    'procps',
    'ca-certificates',
    'util-linux',
  ],
  ...['haproxy', 'keepalived', 'git', 'openssh-client', 'libstdc++6'],
]
const MADE_WITHIN_MS = 600_000

/** A minimal Debian with HAProxy and keepalived as the distribution ships them, to be mounted below what a test writes. */
export async function debianImage(suite: 'bookworm' | 'trixie'): Promise<string> {
  const image = join(IMAGES, suite)
  if (existsSync(image)) return image
  mkdirSync(IMAGES, { recursive: true })
  const half = `${image}.${process.pid}`
  const mirror = process.env['LB_AGENT_TEST_MIRROR'] ?? 'http://deb.debian.org/debian'
  const args = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, suite, half, mirror]
  const made = await exec('debootstrap', args, { timeoutMs: MADE_WITHIN_MS })
  if (!succeeded(made)) {
    rmSync(half, { recursive: true, force: true })
    throw new Error(`debootstrap ${suite}: ${describeFailure(made)}`)
  }
  renameSync(half, image)
  return image
}
