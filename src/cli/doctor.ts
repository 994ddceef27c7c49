import { hostname } from 'node:os'
import { examine, type Finding } from '../doctor/check.ts'
import { examinedNode } from '../doctor/examined.ts'
import { mendAll, mendable, stepsOf } from '../doctor/mend-all.ts'
import { perform } from '../doctor/perform.ts'
import { CHECKS } from '../doctor/table.ts'
import { sayStep } from '../doctor/verdicts/mend.ts'
import { notSetUpVerdict } from '../doctor/verdicts/units.ts'
import { lookWhetherSetUp, type NotSetUp } from '../install/not-set-up.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { notSetUpWithoutConfig } from './agent-here.ts'
import { dryRunText, endOf, mendingText, reportOf, stepText, textOf } from './doctor-text.ts'
import { interruption } from './interruption.ts'
import { readAgentConfig } from './read-config.ts'
import { refuse } from './refuse.ts'

export type DoctorOptions = { config: string; json?: boolean; fix?: boolean; dryRun?: boolean }

const INTERRUPTED = 130

/**
 * Looks at this node and prints what it found; with `fix` it mends first what is safe to mend. 0 = no problem (left), 1 = at
 * least one, 2 = it cannot do that here, 130 = interrupted. What cannot be told is no problem.
 */
export async function doctor(options: DoctorOptions): Promise<number> {
  if (options.dryRun === true && options.fix !== true) return refuse('--dry-run goes with --fix')
  if (options.fix === true && process.getuid?.() !== 0)
    return refuse('doctor --fix sees and changes what only root may: run it as root, or with sudo; nothing was changed')
  const patient = await patientOf(options.config)
  // What the looks have started ends with them.
  const signal = interruption()
  return options.fix === true ? fix(patient, signal, options) : lookOnly(patient, signal, options)
}

/** `node`: its name, or that of the host where no agent.yaml gives it one. */
type Patient = { node: string; look(signal: AbortSignal): Promise<Finding[]> }

async function patientOf(configFile: string): Promise<Patient> {
  const never = await notSetUpWithoutConfig(configFile)
  if (never !== undefined) return { node: hostname(), look: async () => [notSetUp(never)] }
  const config = readAgentConfig(configFile)
  return { node: config.node, look: (signal) => look(configFile, config, signal) }
}

async function lookOnly({ node, look }: Patient, signal: AbortSignal, { json }: DoctorOptions): Promise<number> {
  const findings = await look(signal)
  if (signal.aborted) return interrupted()
  print(json, reportOf(node, findings), () => textOf(node, findings))
  return codeOf(findings)
}

async function fix({ node, look }: Patient, signal: AbortSignal, { json, dryRun }: DoctorOptions): Promise<number> {
  if (dryRun === true) {
    const findings = await look(signal)
    if (signal.aborted) return interrupted()
    const todo = mendable(findings)
    const steps = todo.flatMap((finding) =>
      stepsOf(finding).map((step) => ({ family: finding.family, about: finding.about, step: sayStep(step) })),
    )
    print(json, { ...reportOf(node, findings), ...endOf({ deeds: steps, mended: [], interrupted: false }) }, () =>
      dryRunText(node, findings, todo),
    )
    return codeOf(findings)
  }
  const say = (text: string): void => {
    if (json !== true) process.stdout.write(text)
  }
  const mending = await mendAll({
    look: () => look(signal),
    perform,
    onBegin: (finding, step) => say(stepText(finding, step)),
    onEnd: (outcome) => say(outcome.kind === 'done' ? 'done\n' : `failed: ${outcome.reason}\n`),
    signal,
  })
  if (mending.interrupted && mending.deeds.length === 0) return interrupted()
  print(json, { ...reportOf(node, mending.findings), ...endOf(mending) }, () => mendingText(node, mending))
  return mending.interrupted ? INTERRUPTED : codeOf(mending.findings)
}

async function look(configFile: string, config: AgentConfig, signal: AbortSignal): Promise<Finding[]> {
  const node = await examinedNode(config)
  // What a node lacks that was taken out of service for good is no problem of it, and no mend of --fix may bring it back.
  const gone = node.agent.answers === true ? undefined : await lookWhetherSetUp(configFile, config)
  if (gone !== undefined) return [notSetUp(gone)]
  if (process.stderr.isTTY) console.error(`Looking at ${config.node}; this takes some seconds.`)
  return examine(node, CHECKS, signal)
}

function notSetUp(why: NotSetUp): Finding {
  return { family: 'units', about: 'agent', ...notSetUpVerdict(why) }
}

function print(json: boolean | undefined, report: object, text: () => string): void {
  console.log(json === true ? JSON.stringify(report, undefined, 2) : text())
}

function codeOf(findings: readonly Finding[]): number {
  return findings.some(({ kind }) => kind === 'problem') ? 1 : 0
}

function interrupted(): number {
  console.error('lb-agent: interrupted; nothing was changed')
  return INTERRUPTED
}
