import { howToInstall } from '../how-to-install.ts'
import { isProgram } from '../is-program.ts'
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
    if (!isProgram(program)) return `${program} is not installed: ${howToInstall(name, findPackageManager())}`
  }
  return undefined
}
