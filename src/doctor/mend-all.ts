import type { Finding } from './check.ts'
import type { Performed } from './perform.ts'
import { type MendStep, sayStep } from './verdicts/mend.ts'

/** One step of a mend and how it went. */
export type Deed = { family: string; about: string; step: string; outcome: Performed }

/** `findings`: of the last look. `mended`: problems of an earlier look that it calls ok. */
export type Mending = {
  deeds: readonly Deed[]
  findings: readonly Finding[]
  mended: readonly Finding[]
  interrupted: boolean
}

export type Tools = {
  look(): Promise<Finding[]>
  perform(step: MendStep): Promise<Performed>
  /** Before a step. */
  onBegin(finding: Finding, step: string): void
  onEnd(outcome: Performed): void
  signal: AbortSignal
}

/** What one mend may lay open for another: a directory that is made is one that the running agent does not see yet. */
const MAX_LOOKS = 3

/**
 * Looks, mends what has a mend, and looks again, until nothing new can be mended. Nothing is tried twice. An interruption ends
 * it between two steps; a step that has begun is done.
 */
export async function mendAll(tools: Tools): Promise<Mending> {
  const { look, signal } = tools
  const deeds: Deed[] = []
  const tried: Finding[] = []
  let findings = await look()
  for (let looks = 1; looks <= MAX_LOOKS && !signal.aborted; looks += 1) {
    const todo = mendable(findings).filter((finding) => !tried.some((before) => isSame(before, finding, 'why')))
    if (todo.length === 0) break
    tried.push(...todo)
    deeds.push(...(await mendThese(todo, tools)))
    if (!signal.aborted) findings = await look()
  }
  const isMended = (finding: Finding): boolean =>
    findings.every((now) => now.kind === 'ok' || !isSame(now, finding, 'about'))
  const mended = signal.aborted ? [] : tried.filter(isMended)
  return { deeds, findings, mended, interrupted: signal.aborted }
}

/** Those that `doctor --fix` would begin with. */
export function mendable(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.kind === 'problem' && finding.mend !== undefined)
}

export function stepsOf(finding: Finding): readonly MendStep[] {
  return finding.kind === 'problem' ? (finding.mend ?? []) : []
}

/** The first step that fails ends the mend that it belongs to. */
async function mendThese(todo: readonly Finding[], tools: Tools): Promise<Deed[]> {
  const deeds: Deed[] = []
  for (const finding of todo) {
    for (const step of stepsOf(finding)) {
      if (tools.signal.aborted) return deeds
      const said = sayStep(step)
      tools.onBegin(finding, said)
      const outcome = await tools.perform(step)
      tools.onEnd(outcome)
      deeds.push({ family: finding.family, about: finding.about, step: said, outcome })
      if (outcome.kind === 'failed') break
    }
  }
  return deeds
}

function isSame(a: Finding, b: Finding, by: 'about' | 'why'): boolean {
  return a.family === b.family && a.about === b.about && (by === 'about' || a.why === b.why)
}
