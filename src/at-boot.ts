/** `file`: UnitFileState of `systemctl show`. `pulledInBy`: its WantedBy, RequiredBy and UpheldBy. */
export type BootState = { file: string; pulledInBy: readonly string[] }

/**
 * Whether `systemctl enable` would make systemd start it at the next boot. What an extension upholds is started without a link of its
 * own (systemd.unit(5), Upholds=), and is disabled all the same; others start by themselves (static), or not at all (masked).
 */
export function startsNotAtBoot({ file, pulledInBy }: BootState): boolean {
  // A link in /run makes it wanted, and is gone at the next boot.
  return file === 'enabled-runtime' || (file === 'disabled' && targetOf(pulledInBy) === undefined)
}

/** The target whose start starts it; other units may be stopped, or disabled themselves. */
export function targetOf(pulledInBy: readonly string[]): string | undefined {
  return pulledInBy.find((unit) => unit.endsWith('.target'))
}

/** What `systemctl show` is asked for besides UnitFileState. */
export const PULLED_IN_BY = ['WantedBy', 'RequiredBy', 'UpheldBy'] as const

/** `of`: the value of a property, as `systemctl show` tells it. */
export function pulledInBy(of: (property: string) => string): string[] {
  return PULLED_IN_BY.flatMap((key) => of(key).split(' ').filter(Boolean))
}
