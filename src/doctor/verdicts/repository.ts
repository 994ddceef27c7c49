import { run } from './mend.ts'
import { AS_ROOT, cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** How the repository answered `git ls-remote`, asked as the agent asks. */
export type Answered =
  | { kind: 'branch'; sha: string }
  | { kind: 'no-branch' }
  | { kind: 'failed'; reason: string }
  | { kind: 'not asked' }

export function reachVerdict(answered: Answered, { url, branch }: { url: string; branch: string }): Verdict {
  switch (answered.kind) {
    case 'branch':
      return ok(`${url} answers; ${branch} is at ${answered.sha.slice(0, 12)}.`)
    case 'no-branch':
      return problem(
        `${url} answers, and has no branch ${branch}.`,
        'push it, or name another: repository.branch in agent.yaml',
      )
    case 'failed':
      return problem(
        `${answered.reason}. The nodes go on with the release they have; no commit reaches them.`,
        `the same by hand: git ls-remote ${url} ${branch}`,
      )
    case 'not asked':
      return cannotTell(`${url} is asked with the keys of the agent's user, which are not ours to use.`, AS_ROOT)
    default:
      return answered satisfies never
  }
}

/** `host`: as known_hosts writes it. `looked`: the known_hosts files that git reads as the agent's user; `addTo`: where a key of it goes. */
export function hostKeyVerdict(
  host: string,
  found: { inFile: string | undefined; looked: readonly string[]; addTo: string },
): Verdict {
  if (found.inFile !== undefined) return ok(`The host key of ${host} is pinned in ${found.inFile}.`)
  return problem(
    `The host key of ${host} is in none of ${found.looked.join(', ')}: the agent never learns one by itself, so nothing is fetched.`,
    `ssh-keyscan ${scanArguments(host)} >> ${found.addTo}, then compare: ssh-keygen -lf ${found.addTo}`,
  )
}

export type KeyFile = { path: string; mode: number; owner: number }

/**
 * ssh(1) ignores a key that others may read, and cannot read one of another user. `as`: words before a command that run it as
 * that user. Root would follow a link that the user has put there.
 */
export function keyVerdict(
  { path, mode, owner }: KeyFile,
  user: { name: string; uid: number },
  as: readonly string[] | undefined,
): Verdict {
  if (owner !== user.uid && user.uid !== 0) {
    const whose =
      owner === 0
        ? `root: user ${user.name}, whom the agent runs as, cannot read it`
        : `another user than ${user.name}, whom the agent runs as`
    return problem(`${path} belongs to ${whose}.`, `chown ${user.name}: ${path}`)
  }
  if ((mode & 0o077) !== 0)
    return problem(
      `${path} has mode 0${(mode & 0o777).toString(8)}: ssh ignores a key that others may read.`,
      `chmod 600 ${path}`,
      as === undefined ? [] : [run(...before(as, 'chmod'), '600', path)],
    )
  return ok(`${path} is ${user.name}'s alone.`)
}

function before([first, ...words]: readonly string[], program: string): [string, ...string[]] {
  return first === undefined ? [program] : [first, ...words, program]
}

function scanArguments(host: string): string {
  const [, name = host, port] = /^\[(.*)\]:(\d+)$/.exec(host) ?? []
  return port === undefined ? name : `-p ${port} ${name}`
}
