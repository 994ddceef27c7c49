import { type MendStep, run } from './mend.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/**
 * `here`: may the agent's user write it, as this process sees the file system; `inAgent`: as the running agent sees it, whose
 * unit has mounts of its own. `unknown`: we may not ask in that user's name.
 */
export type Access = { exists: boolean; here: 'yes' | 'no' | 'unknown'; inAgent: 'yes' | 'no' | 'unknown' }

/** Whom the agent runs as, and who would start it again. */
export type Runs = { user: string; supervisor: 'systemd' | 'embedded' }

export function directoryVerdict(path: string, { user, supervisor }: Runs, { exists, here, inAgent }: Access): Verdict {
  const make = ['install', '-d', '-o', user, '-g', user, '-m', '2775', path] as const
  if (!exists) return problem(`${path} does not exist.`, make.join(' '), ofItsOwn(path) ? [run(...make)] : [])
  if (here === 'no')
    return problem(
      `User ${user}, whom the agent runs as, cannot write ${path}.`,
      user === 'root'
        ? `findmnt --target ${path} says whether it is mounted read-only: mount -o remount,rw`
        : `chgrp ${user} ${path} && chmod 2775 ${path}; if that is right already, findmnt --target ${path} says whether it is read-only`,
      ofItsOwn(path) && user !== 'root' ? [run('chgrp', user, path), run('chmod', '2775', path)] : [],
    )
  if (inAgent === 'no')
    return problem(
      `${path} can be written, but the running agent sees it read-only: it was not there, or was mounted otherwise, when the agent was started.`,
      'restart the agent (systemctl restart lb-agent); this moves no VIP',
      restartAgent(supervisor),
    )
  if (here === 'unknown' && inAgent === 'unknown')
    return cannotTell(`Whether user ${user} may write ${path} is not ours to ask.`, AS_ROOT)
  return ok(`User ${user} may write ${path}.`)
}

/** By its own name: in any other one others may live (`/usr/local/etc`), and who may write there is not for the doctor to change. */
function ofItsOwn(path: string): boolean {
  return /^(?:haproxy|keepalived|lb-agent)/.test(path.split('/').filter(Boolean).at(-1) ?? '')
}

/** What the running agent has kept since its start: its groups, and how its unit mounts directories. */
function restartAgent(supervisor: Runs['supervisor']): MendStep[] {
  return supervisor === 'systemd' ? [run('systemctl', 'restart', 'lb-agent.service')] : []
}

export function statsSocketVerdict(
  path: string,
  found: { exists: boolean; usable: 'yes' | 'no' | 'unknown' },
  names: Runs & { group: string },
): Verdict {
  if (!found.exists)
    return problem(
      `HAProxy's stats socket ${path} does not exist: HAProxy does not run, or has not read a release of lb-agent.`,
      'lb-agent status says which',
    )
  if (found.usable === 'unknown')
    return cannotTell(`Whether user ${names.user} may use ${path} is not ours to ask.`, AS_ROOT)
  if (found.usable === 'no')
    return problem(
      `User ${names.user}, whom the agent runs as, may not use HAProxy's stats socket ${path}.`,
      `usermod -aG ${names.group} ${names.user} && systemctl restart lb-agent (haproxy.group in agent.yaml is ${names.group})`,
      names.user === 'root' ? [] : [run('usermod', '-aG', names.group, names.user), ...restartAgent(names.supervisor)],
    )
  return ok(`User ${names.user} may use HAProxy's stats socket ${path}.`)
}

/** Eight releases, a mirror and its next pack, two logs; the runtime directory holds sockets and a few words. */
const NEEDED_MIB = { state: 64, runtime: 4 }
const NEEDED_FILES = 200

/** `files`: free inodes; 0 of 0 where the file system counts none. */
export function diskVerdict(
  which: keyof typeof NEEDED_MIB,
  path: string,
  free: { mib: number; files: number; allFiles: number },
): Verdict {
  const needed = NEEDED_MIB[which]
  const fix = `make room on it: df -h ${path}; du -xsh ${path}/*`
  if (free.mib < needed) return problem(`${path} has ${free.mib} MiB left; an apply needs ${needed} MiB.`, fix)
  if (free.allFiles > 0 && free.files < NEEDED_FILES)
    return problem(`${path} has room for ${free.files} more files; an apply needs ${NEEDED_FILES}.`, `df -i ${path}`)
  return ok(`${path} has ${free.mib} MiB left.`)
}
