/**
 * One step of what `doctor --fix` does by itself. Only what moves no VIP, fails no request and loses nothing: never a restart
 * of HAProxy or keepalived (a restart of the agent moves no VIP), a rule of a firewall, a known_hosts, lb.yaml or agent.yaml.
 * `write`: a file of the doctor's own, mode 0644. `sysctl`: `key` as /proc/sys has it (`net/ipv4/…`), now and at every boot.
 */
export type MendStep =
  | { kind: 'run'; argv: readonly [string, ...string[]] }
  | { kind: 'write'; path: string; lines: readonly string[] }
  | { kind: 'sysctl'; key: string; value: string }

/** Not the name of the package's own file: one in /etc would take its place. */
export const SYSCTL_FILE = '/etc/sysctl.d/61-lb-agent.conf'

/** The step in a line, for people. */
export function sayStep(step: MendStep): string {
  switch (step.kind) {
    case 'run':
      return step.argv.join(' ')
    case 'write':
      return `write ${step.path}: ${step.lines.join(' ')}`
    case 'sysctl':
      return `set ${sysctlName(step.key)} = ${step.value}, now and in ${SYSCTL_FILE}`
    default:
      return step satisfies never
  }
}

export function run(...argv: [string, ...string[]]): MendStep {
  return { kind: 'run', argv }
}

/** With dots, as most write it; with slashes where an interface has a dot in its name (sysctl.d(5)). */
export function sysctlName(key: string): string {
  return key.includes('.') ? key : key.replaceAll('/', '.')
}

/** A file of sysctl.d(5) in which `key` has `value`: in its old place, or as a new last line. */
export function withSetting(text: string, key: string, value: string): string {
  const setting = `${sysctlName(key)} = ${value}`
  const lines = text.split('\n').filter((line, index, all) => line !== '' || index < all.length - 1)
  const isOurs = (line: string): boolean => line.split('=')[0]?.trim().replace(/^-/, '') === sysctlName(key)
  const replaced = lines.map((line) => (isOurs(line) ? setting : line))
  return `${[...replaced, ...(lines.some(isOurs) ? [] : [setting])].join('\n')}\n`
}
