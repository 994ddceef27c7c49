import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Release } from '../apply/release.ts'
import { checkHaproxyFile, checkKeepalivedFile } from '../daemons/check-file.ts'
import { parse, prove, render } from '../prepare/release-of-revision.ts'
import { createSource, type FetchResult } from '../source/source.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { formatProblem } from '../spec/problem.ts'
import type { Spec } from '../spec/spec.ts'
import type { Obstacle } from './options.ts'

/** The newest revision, as this node would run it. `proven`: what its proof says. */
export type Wanted = { spec: Spec; release: Release; subject: string; proven: string }

export type Reading = { kind: 'wanted'; wanted: Wanted } | { kind: 'obstacle'; obstacle: Obstacle }

const FETCHES_WITHIN_MS = 30_000

/**
 * Reads the repository as the agent will, with keys from `sshDirectory`, into `scratch`, and has both daemons check what comes of
 * it. Touches nothing else.
 */
export async function readWanted(
  config: AgentConfig,
  { sshDirectory, scratch, publicKeys }: { sshDirectory: string; scratch: string; publicKeys: readonly string[] },
  signal: AbortSignal,
): Promise<Reading> {
  const source = createSource({
    ...config.repository,
    ...{ mirror: join(scratch, 'mirror.git'), sshDirectory, fetchTimeoutMs: FETCHES_WITHIN_MS, now: Date.now },
  })
  const fetched = await source.fetch(signal)
  if (fetched.kind !== 'fetched') return obstacle(fetched.reason, howToFetch(fetched, publicKeys))
  const { sha, subject } = fetched.revision
  const read = await source.read(sha, signal)
  if (read.kind === 'unreadable')
    return obstacle(
      read.reason,
      'lb-agent init makes a repository to begin with, lb-agent import one from files that are there',
    )
  if (read.kind === 'problems')
    return obstacle(read.problems.map(formatProblem).join('\n'), '--path names the directory that holds lb.yaml')
  const { node, paths, haproxy, metrics } = config
  const revision = { sha, files: read.files, target: { node, paths, haproxy, metrics } }
  const parsed = parse(revision)
  if (parsed.kind === 'failed') return obstacle(parsed.reason, 'lb-agent validate PATH, before the next push')
  const proven = prove(revision, parsed.value)
  if (proven.kind === 'failed') return obstacle(proven.reason, 'lb-agent prove PATH, before the next push')
  const rendered = render(revision, parsed.value)
  if (rendered.kind === 'failed') return obstacle(rendered.reason, '--node says which one this is')
  const refused = await check(config, rendered.value, scratch, signal)
  if (refused !== undefined) return { kind: 'obstacle', obstacle: refused }
  return {
    kind: 'wanted',
    wanted: { spec: parsed.value.spec, release: rendered.value, subject, proven: proven.detail },
  }
}

/** `publicKeys`: of the keys that were offered; who has lost what --new-key showed finds it here again. */
function howToFetch(
  { kind, reason }: Exclude<FetchResult, { kind: 'fetched' }>,
  publicKeys: readonly string[],
): string {
  if (kind === 'no-branch') return '--branch names another one'
  if (kind === 'empty') return 'lb-agent init makes a repository to begin with; push it there'
  if (publicKeys.length > 0 && /credentials|may not see it/.test(reason))
    return `give it read access at the git server (a deploy key), or --key another one, then run lb-agent install again. The key that was tried: ${publicKeys.join(', ')}`
  return 'git ls-remote with that address shows the same; --repo says otherwise how it is asked, and by ssh --key'
}

/** keepalived -t wants the node's own interfaces, which are here. */
async function check(
  config: AgentConfig,
  release: Release,
  scratch: string,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const directory = join(scratch, 'files')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const files = { haproxy: join(directory, 'haproxy.cfg'), keepalived: join(directory, 'keepalived.conf') }
  await Promise.all([
    writeFile(files.haproxy, release.files.haproxy),
    writeFile(files.keepalived, release.files.keepalived),
  ])
  const [haproxy, keepalived] = await Promise.all([
    checkHaproxyFile([config.haproxy.binary], files.haproxy, signal),
    checkKeepalivedFile([config.keepalived.binary], files.keepalived, signal),
  ])
  for (const [daemon, verdict] of [
    ['haproxy', haproxy],
    ['keepalived', keepalived],
  ] as const) {
    if (verdict.kind === 'refused')
      return {
        what: `${daemon} refuses what lb.yaml gives for ${config.node}: ${verdict.output}`,
        fix: 'mend lb.yaml: lb-agent validate PATH says where',
      }
    if (verdict.kind === 'cannot') return { what: verdict.reason, fix: `does ${daemon} start at all? ${daemon} -v` }
  }
  return undefined
}

function obstacle(what: string, fix: string): Reading {
  return { kind: 'obstacle', obstacle: { what, fix } }
}
