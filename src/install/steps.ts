import { lchown, lstat, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import type { User } from '../doctor/examined.ts'
import { TAKEOVER_FILE, writeTakeover } from '../health/takeover.ts'
import { writeDurably } from '../write-file.ts'
import { writeBackup } from './backup.ts'
import { done, failed, type Step } from './options.ts'
import type { SshFiles } from './ssh-files.ts'
import type { TakeoverPlan } from './takeover-plan.ts'
import { systemctl } from './units.ts'

// What `lb-agent install` does, one thing each; all of them may be done again.

/** `there`: those of `paths` that are there now. */
export function backUp(
  directory: string,
  { paths, there }: { paths: readonly string[]; there: readonly string[] },
  units: { disabled: readonly string[]; stopped: readonly string[] },
): Step {
  const what = there.length === 0 ? 'what runs here now' : there.join(' and ')
  return {
    what: `keep ${what} in ${directory}, for lb-agent uninstall`,
    perform: guarded(async () => {
      await writeBackup(directory, paths, { ...units, nowMs: Date.now() })
      return done()
    }),
  }
}

export function writeSshFiles(directory: string, files: SshFiles['added'], user: User): Step {
  return {
    what: `put ${files.map(({ what }) => what).join(', ')} into ${directory}`,
    perform: guarded(async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      // The directory around it is the agent's: root would follow a link out of it.
      if (!(await lstat(directory)).isDirectory())
        return failed(`${directory} is no directory (a link?)`, 'take it away, and run it again')
      await lchown(directory, user.uid, user.gid)
      for (const { name, content } of files) {
        const path = join(directory, name)
        await writeDurably(path, content, name.endsWith('.pub') ? 0o644 : 0o600)
        await lchown(path, user.uid, user.gid)
      }
      return done()
    }),
  }
}

/** `vips`: none where an earlier run has left some that are not to be waited for any more. */
export function leaveVips(state: string, vips: readonly string[], user: User): Step {
  const file = join(state, TAKEOVER_FILE)
  return {
    what:
      vips.length === 0
        ? 'take part in all VIPs: none is held by a pair without lb-agent any more'
        : `leave ${vips.join(', ')} to the node that holds ${vips.length === 1 ? 'it' : 'them'} today, until lb-agent is installed there`,
    perform: guarded(async () => {
      if (vips.length === 0) await rm(file, { force: true })
      else {
        await writeTakeover(file, vips)
        await lchown(file, user.uid, user.gid)
      }
      return done()
    }),
  }
}

/** A person may have thought for long, and the old pair fails over by itself. */
export function lookAgain(planned: TakeoverPlan, look: () => Promise<TakeoverPlan>): Step {
  return {
    what: 'see that the VIPs are where they were',
    perform: guarded(async () => {
      const now = await look()
      const [obstacle] = now.obstacles
      if (obstacle !== undefined) return { kind: 'failed', obstacle }
      if (now.stays.join() === planned.stays.join() && now.left.join() === planned.left.join()) return done()
      return failed('a VIP has moved since this was planned', 'run it again: it looks anew')
    }),
  }
}

export function writeAgentYaml(path: string, before: string, text: string): Step {
  return {
    what: `write ${path}`,
    shows: createTwoFilesPatch(path, path, before, text, before === '' ? 'absent' : 'there', 'planned'),
    perform: guarded(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 })
      await writeDurably(path, text, 0o644)
      return done()
    }),
  }
}

export function enable(units: readonly string[]): Step {
  return {
    what: `have ${units.map((unit) => unit.replace('.service', '')).join(', ')} start at boot`,
    perform: (signal) => systemctl(['enable', '--quiet', ...units], signal),
  }
}

/** `running`: it runs with an older agent.yaml. */
export function start(running: boolean, { stays }: TakeoverPlan): Step {
  const keeps =
    stays.length === 0 ? '' : `; ${stays.join(', ')} ${stays.length === 1 ? 'stays' : 'stay'} on this node meanwhile`
  return {
    what: running
      ? 'restart lb-agent, which moves no VIP'
      : `start lb-agent, which replaces both live files, reloads HAProxy, then keepalived${keeps}`,
    perform: (signal) =>
      systemctl(
        [running ? 'restart' : 'start', 'lb-agent.service'],
        signal,
        'journalctl -e -u lb-agent says why; run lb-agent install again',
      ),
  }
}

/** Halts with the host, after it has handed over. */
export function startDrain(): Step {
  return {
    what: 'start lb-agent-drain, which hands the VIPs over before this host halts',
    perform: (signal) => systemctl(['start', 'lb-agent-drain.service'], signal),
  }
}

function guarded(work: () => Promise<Awaited<ReturnType<Step['perform']>>>): Step['perform'] {
  return async () => {
    try {
      return await work()
    } catch (error) {
      return failed((error as Error).message, 'make room, or mend the permissions, and run it again')
    }
  }
}
