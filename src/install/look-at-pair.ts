import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { includedFiles } from '../included-files.ts'
import type { KeepalivedConfig } from '../keepalived-config/config.ts'
import { readKeepalivedConfig } from '../keepalived-config/read-keepalived-config.ts'
import { ownAddresses } from '../observe/addresses.ts'
import { answersAt } from '../observe/answers-at.ts'
import { portsOf } from '../render/expectation.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { askNodes } from './ask-nodes.ts'
import type { Wanted } from './desired.ts'
import type { InstallOptions } from './options.ts'
import { planTakeover, type TakeoverPlan } from './takeover-plan.ts'
import { isActive, unitsOf } from './units.ts'

const ANSWERS_WITHIN_MS = 2_000
const NOTHING: TakeoverPlan = { stays: [], left: [], gaps: [], obstacles: [] }

/** Looks for a hand-written pair: here, at the VIPs, and whether agents run on the other nodes already. */
export async function lookAtPair(
  config: AgentConfig,
  { spec, release }: Wanted,
  live: { keepalived: string | undefined },
  options: Pick<InstallOptions, 'alone'> & { applied: boolean },
  signal: AbortSignal,
): Promise<TakeoverPlan> {
  // A node that lb-agent runs is taken over already.
  if (options.applied) return NOTHING
  const [keepalived] = await unitsOf(['keepalived.service'], signal)
  const runs = keepalived !== undefined && isActive(keepalived)
  const { vips, peers } = release.expectation
  const held = ownAddresses()
  const [answers, nodes] = await Promise.all([
    Promise.all(
      vips
        .filter(({ address }) => !held.has(address))
        .map(async (vip) => ({
          vip,
          answers: await answersAt(vip.address, portsOf(release.expectation, vip.name), ANSWERS_WITHIN_MS),
        })),
    ),
    askNodes(config, peers),
  ])
  const file = config.paths.keepalivedConfig
  const old = read(file, runs ? (live.keepalived ?? '') : '')
  return planTakeover(
    {
      before: old,
      unread: old.unread,
      after: read(file, release.files.keepalived),
      known: new Set(spec.vips.flatMap((vip) => [vip.address, ...vip.extraAddresses.map(({ address }) => address)])),
      held,
      answered: new Set(answers.flatMap(({ vip, answers }) => (answers === true ? [vip.address] : []))),
      silent: new Set(answers.flatMap(({ vip, answers }) => (answers === false ? [vip.address] : []))),
      agents: new Map(nodes.flatMap(({ name, holds }) => holds.map((address) => [address, name] as const))),
      nodes,
    },
    options,
  )
}

/** In sentences the file has its bare name; what it includes has its path. */
function read(file: string, text: string): KeepalivedConfig {
  const [configId = ''] = hostname().split('.')
  const name = basename(file)
  return readKeepalivedConfig(name, text, {
    configId,
    include: (pattern, from) => includedFiles(pattern, from === name ? file : from, readWhole),
  })
}

function readWhole(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
