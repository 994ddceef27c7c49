import type { Booted } from '../support/booted.ts'
import { putFile } from '../support/booted-cluster.ts'

/** What a shell command did inside a unit's sandbox. */
export type Attempt = { did: boolean; said: string }

/** What says how the program of a unit is started and looked after; the rest is where it runs, and as whom. */
const OF_THE_PROGRAM =
  /^(?:Type|NotifyAccess|Watchdog\w+|Exec\w+|Restart\w*|RemainAfterExit|Timeout\w+|Condition\w+|Conflicts)=/
const PROBE = 'lb-agent-probe'

/** Runs shell commands, one after the other, with every setting that an installed unit gives its program. */
export async function inUnit(machine: Booted, unit: string, commands: readonly string[]): Promise<Attempt[]> {
  const text = await machine.run('cat', `/usr/lib/systemd/system/${unit}`)
  const settings = text.slice(text.indexOf('[Service]'), text.indexOf('[Install]')).split('\n')
  return attempts(
    machine,
    settings.filter((line) => !OF_THE_PROGRAM.test(line)),
    commands,
  )
}

/**
 * The same as root, in a unit without any setting: what then fails, the machine has no program for, or forbids by itself. Not by
 * `machine.run`, which comes from outside of the machine and may do more than its root.
 */
export async function asRoot(machine: Booted, commands: readonly string[]): Promise<Attempt[]> {
  return attempts(machine, ['[Service]'], commands)
}

async function attempts(machine: Booted, kept: readonly string[], commands: readonly string[]): Promise<Attempt[]> {
  const program = ['Type=oneshot', `ExecStart=/bin/sh /etc/${PROBE}.sh`, `StandardOutput=truncate:/var/tmp/${PROBE}`]
  putFile(machine, `/etc/systemd/system/${PROBE}.service`, { text: [...kept, ...program, ''].join('\n') })
  putFile(machine, `/etc/${PROBE}.sh`, { text: commands.map(attempt).join('') })
  try {
    await machine.run('systemctl', 'daemon-reload')
    await machine.run('systemctl', 'start', PROBE)
    const lines = (await machine.run('cat', `/var/tmp/${PROBE}`)).replace(/\n$/, '').split('\n')
    return lines.map((line) => ({ did: line.startsWith('0 '), said: line.slice(line.indexOf(' ') + 1) }))
  } finally {
    await machine.run('rm', '-f', `/etc/systemd/system/${PROBE}.service`, `/etc/${PROBE}.sh`, `/var/tmp/${PROBE}`)
    await machine.run('systemctl', 'daemon-reload')
  }
}

/** One line: its exit code, and what it said. */
function attempt(command: string): string {
  return `said=$( ( ${command} ) 2>&1 </dev/null ); echo "$? $(echo "$said" | tr '\\n' ' ')"\n`
}
