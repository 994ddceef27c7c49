import { type BootState, startsNotAtBoot, targetOf } from '../../at-boot.ts'
import { howToInstall, type PackageManager } from '../../how-to-install.ts'
import { run } from './mend.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** Properties of `systemctl show`. */
export type UnitProperties = BootState & { load: string; active: string; sub: string }

const DRAIN = 'lb-agent-drain.service'

export function unitVerdict(unit: string, found: UnitProperties | undefined, manager: PackageManager): Verdict {
  if (found === undefined) return cannotTell(`systemctl does not speak of ${unit}.`)
  const { load, active, sub, file, pulledInBy } = found
  // A link to a unit that an extension upholds would stay behind when the extension goes.
  const start = file === 'disabled' && !startsNotAtBoot(found) ? ['start'] : ['enable', '--now']
  // As lb-agent stop masks what systemd upholds; that one needs another word to go.
  if (load === 'masked' && file === 'masked-runtime')
    return problem(`${unit} is masked until the next boot.`, `systemctl unmask --runtime ${unit}`)
  if (load === 'masked') return problem(`${unit} is masked: nothing can start it.`, `systemctl unmask ${unit}`)
  if (load === 'not-found')
    return problem(`There is no ${unit}.`, howToInstall(unit.replace(/(?:-drain)?\.service$/, ''), manager))
  if (active !== 'active')
    return problem(
      `${unit} is ${active} (${sub}).`,
      `systemctl ${start.join(' ')} ${unit}; if it ends again: journalctl -u ${unit} -n 50`,
      // Its start does nothing; the other three may be down because somebody wants them to be.
      unit === DRAIN && (active === 'inactive' || active === 'failed') ? [run('systemctl', ...start, unit)] : [],
    )
  if (startsNotAtBoot(found))
    return problem(`${unit} runs, but is not started at the next boot (${file}).`, `systemctl enable ${unit}`, [
      run('systemctl', 'enable', unit),
    ])
  if (file === 'disabled') return ok(`${unit} is active (${sub}), started at boot by ${targetOf(pulledInBy)}.`)
  return ok(`${unit} is active (${sub}), ${file}.`)
}

/** systemctl has no systemd to talk to. */
export function noSystemdVerdict(reason: string): Verdict {
  return problem(
    `agent.yaml says supervisor: systemd, and systemctl fails: ${reason}.`,
    'on a machine without systemd: supervisor: embedded in agent.yaml',
  )
}

/** A daemon of `supervisor: embedded`. `agentRuns`: whoever would start it is there. */
export function embeddedVerdict(name: string, pid: number | undefined, agentRuns: boolean, logFile: string): Verdict {
  if (pid !== undefined) return ok(`${name} runs (pid ${pid}), started by the agent.`)
  return agentRuns
    ? problem(`${name} does not run, though the agent does.`, `lb-agent status says why; its own words: ${logFile}`)
    : problem(`${name} does not run, and no agent that would start it.`, 'lb-agent run')
}

/** `answers`: undefined where its socket is not ours to use. */
export function agentVerdict(
  { answers, pid }: { answers: boolean | undefined; pid: number | undefined },
  supervisor: 'systemd' | 'embedded',
): Verdict {
  if (answers === undefined) return cannotTell("The agent's control socket is for root and its group.", AS_ROOT)
  if (answers) return ok(pid === undefined ? 'The agent runs and answers.' : `The agent runs (pid ${pid}) and answers.`)
  return problem(
    'The agent of this node does not answer. HAProxy and keepalived go on with what they have; no commit is applied, and the gate is not kept.',
    supervisor === 'systemd' ? 'systemctl restart lb-agent; journalctl -u lb-agent -n 50' : 'lb-agent run',
  )
}

/** Whatever else is seen there would be judged by what lb-agent needs. `reason`: part of a sentence. */
export function notSetUpVerdict({ reason, fix }: { reason: string; fix: string }): Verdict {
  return problem(`lb-agent is not set up on this host: ${reason}. Nothing else was looked at.`, fix)
}

export function noUserVerdict(name: string): Verdict {
  return problem(
    `There is no user ${name}, whom the agent runs as.`,
    'systemd-sysusers lb-agent.conf (the package brings the file; haproxy must be installed before)',
    name === 'lb-agent' ? [run('systemd-sysusers', 'lb-agent.conf')] : [],
  )
}

/** `rules`: polkit's files that speak of the agent's two verbs. `unread`: directories that this user may not read. */
export function polkitVerdict(
  polkit: string | undefined,
  rules: readonly string[],
  unread: readonly string[],
  manager: PackageManager,
): Verdict {
  if (polkit === undefined || polkit === 'not-found')
    return problem(
      'polkit is not installed: systemd refuses every reload of the agent.',
      howToInstall('polkit', manager),
    )
  if (rules[0] !== undefined) return ok(`${rules[0]} lets the agent reload and stop HAProxy and keepalived.`)
  if (unread.length > 0) return cannotTell(`${unread.join(', ')} cannot be read.`, AS_ROOT)
  return problem(
    'No rule of polkit lets the agent reload HAProxy and keepalived: every apply fails.',
    `install lb-agent again, which brings /usr/share/polkit-1/rules.d/50-lb-agent.rules: ${howToInstall('lb-agent', manager)}`,
  )
}
