import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CLEAN_ENV } from '../exec.ts'
import { howToInstall } from '../how-to-install.ts'
import { findPackageManager } from '../package-manager.ts'
import type { AgentConfig } from '../spec/agent-config.ts'

/** One sentence and what to do, when this machine cannot run an agent. */
export function whatIsMissing(config: AgentConfig): string | undefined {
  if (config.supervisor === 'embedded' && process.getuid?.() !== 0) {
    return 'supervisor: embedded starts keepalived, which needs root; run as root, or set supervisor: systemd'
  }
  for (const [program, name] of [
    ['git', 'git'],
    [config.haproxy.binary, 'haproxy'],
    [config.keepalived.binary, 'keepalived'],
    ['flock', 'flock'],
  ] as const) {
    if (!isExecutable(program)) return `${program} is not installed: ${howToInstall(name, findPackageManager())}`
  }
  return undefined
}

function isExecutable(program: string): boolean {
  const candidates = program.includes('/')
    ? [program]
    : (CLEAN_ENV['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program))
  return candidates.some((candidate) => {
    if (!existsSync(candidate)) return false
    try {
      accessSync(candidate, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
