import { loadSystemInformation } from '../assets.ts'
import type { PackageManager } from '../how-to-install.ts'
import { findPackageManager } from '../package-manager.ts'

/** `name`: as people call it, with its release. */
export type Distribution = { name: string; manager: PackageManager }

/** Which distribution this is, and what installs programs on it. */
export async function readDistribution(): Promise<Distribution> {
  const { distro, release } = await osInfo()
  const known = distro !== '' && distro !== 'unknown'
  const name = known ? [distro, release].filter((word) => word !== '' && word !== 'unknown').join(' ') : 'unknown'
  return { name, manager: findPackageManager() }
}

/** It also asks for this host's full name, and waits for it: 10 s where no name server answers, if resolv.conf(5) has its way. */
async function osInfo(): Promise<{ distro: string; release: string }> {
  const { osInfo: ask } = await loadSystemInformation()
  const before = process.env['RES_OPTIONS']
  process.env['RES_OPTIONS'] = 'timeout:1 attempts:1'
  try {
    return await ask()
  } finally {
    if (before === undefined) delete process.env['RES_OPTIONS']
    else process.env['RES_OPTIONS'] = before
  }
}
