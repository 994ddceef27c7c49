import type { ScriptConfig, TrackFileConfig, TrackProcessConfig } from './config.ts'
import type { Draft, Reading } from './reading.ts'
import { numberOf, valueBehind } from './reading.ts'
import type { Report } from './report.ts'
import { scriptWords } from './script-words.ts'
import { placesOf, type Statement } from './statements.ts'
import { integerIn, millisecondsIn, unsignedIn } from './values.ts'

const HEAVIEST_SCRIPT = 253
const HEAVIEST = 254
/** UINT_MAX / TIMER_HZ seconds (2.2.7, vrrp_vscript_interval_handler()). */
const LONGEST_INTERVAL_MS = 4_294_000

/** vrrp_script. keepalived leaves one out that has no name or no script. */
export function readScript(statement: Statement, reading: Reading): void {
  const { report } = reading
  const name = valueBehind(statement, report)
  if (name === undefined) return
  const script: ScriptDraft = {
    ...{ name: name.text, at: statement.at, command: '', unused: undefined },
    ...{ intervalMs: 1_000, timeoutMs: undefined, rise: 1, fall: 1 },
    ...{ weight: 0, reverse: false, user: undefined, initFail: false, places: placesOf(statement) },
  }
  for (const one of statement.block) readScriptWord(one, script, reading)
  if (script.command === '') {
    report(
      statement.at,
      `vrrp_script ${name.text} has no script, so keepalived leaves it out; write script "/path/to/it"`,
    )
    return
  }
  if (!script.command.startsWith('</')) reading.firstScript ??= script.places.get('script')
  define(`track_script ${name.text}`, script.weight, reading)
  reading.scripts.push({ ...script, timeoutMs: script.timeoutMs ?? script.intervalMs })
}

type ScriptDraft = Draft<Omit<ScriptConfig, 'timeoutMs'>> & { timeoutMs: number | undefined }

function readScriptWord(statement: Statement, script: ScriptDraft, reading: Reading): void {
  const { report } = reading
  switch (statement.keyword) {
    case 'script':
      readCommand(statement, script, report)
      return
    case 'interval':
      script.intervalMs = seconds(statement, reading) ?? script.intervalMs
      return
    case 'timeout':
      script.timeoutMs = seconds(statement, reading) ?? script.timeoutMs
      return
    case 'weight':
      script.weight = weightOf(statement, HEAVIEST_SCRIPT, report) ?? script.weight
      script.reverse ||= isReverse(statement, report)
      return
    case 'rise':
    case 'fall':
      script[statement.keyword] =
        numberOf(statement, (text) => unsignedIn(text, 1, 2 ** 31 - 1), 'it is a count from 1 on', report) ?? 1
      return
    case 'user':
      script.user = valueBehind(statement, report)?.text
      return
    case 'init_fail':
      script.initFail = true
      return
  }
}

/** The command is one word, in quotes where it has arguments: others are not passed on (2.2.7, set_script_params_array()). */
function readCommand(statement: Statement, script: ScriptDraft, report: Report): void {
  const value = valueBehind(statement, report)
  if (value === undefined) return
  const [, command = '', ...unused] = scriptWords(statement.line.text) ?? []
  if (scriptWords(command) === undefined || command === '')
    report(
      value.at,
      `script of ${script.name} has no command, or a quote in it is not closed; write script "/path/to/it"`,
    )
  else {
    script.command = command.trim()
    script.unused = unused.length === 0 ? undefined : unused.join(' ')
  }
}

/** 0 counts as 1 second, and is refused all the same. */
function seconds(statement: Statement, { report, newer }: Reading): number | undefined {
  const range = 'it is a number of seconds above 0'
  const found = numberOf(statement, (text) => millisecondsIn(text, 0, LONGEST_INTERVAL_MS), range, report)
  const value = statement.words[1]
  if (value?.text.includes('.') && found !== undefined)
    newer.push({ what: `${statement.keyword} ${value.text}`, since: '2.3.2', at: value.at })
  if (found !== 0) return found
  report(statement.at, `${statement.keyword} is 0; ${range}`)
  return 1_000
}

/** track_file. One without a file is left out. */
export function readTrackFile(statement: Statement, reading: Reading): void {
  const { report } = reading
  const name = valueBehind(statement, report)
  if (name === undefined) return
  const file: Draft<TrackFileConfig> = {
    ...{ name: name.text, at: statement.at, file: '' },
    ...{ weight: 1, reverse: false, initValue: undefined },
  }
  for (const one of statement.block) {
    if (one.keyword === 'file' && file.file !== '') report(one.at, `file of ${name.text} is there twice; take one away`)
    else if (one.keyword === 'file') file.file = valueBehind(one, report)?.text ?? ''
    else if (one.keyword === 'init_file') file.initValue = initValueOf(one, report)
    else if (one.keyword === 'weight' && file.weight !== 1)
      report(one.at, `weight of ${name.text} is there twice; take one away`)
    else if (one.keyword === 'weight') {
      file.weight = weightOf(one, HEAVIEST, report) ?? 1
      file.reverse ||= isReverse(one, report)
    }
  }
  if (file.file === '')
    report(statement.at, `track_file ${name.text} has no file, so keepalived leaves it out; write file "/path/to/it"`)
  else {
    define(`track_file ${name.text}`, file.weight, reading)
    reading.trackFiles.push(file)
  }
}

function initValueOf({ words }: Statement, report: Report): number {
  let value = 0
  for (const { text, at } of words.slice(1)) {
    if (text.trim() === 'overwrite') continue
    const number = integerIn(text, -254, 254)
    if (number === undefined || text.trim() === '')
      report(at, `init_file has ${text}; it is a number, -254 to 254, or overwrite`)
    else value = number
  }
  return value
}

type ProcessDraft = Draft<TrackProcessConfig> & { quorumMax: number | undefined }

/** vrrp_track_process. One without a process is left out. */
export function readTrackProcess(statement: Statement, reading: Reading): void {
  const { report } = reading
  const name = valueBehind(statement, report)
  if (name === undefined) return
  const process: ProcessDraft = {
    ...{ name: name.text, at: statement.at, process: '', weight: 0, reverse: false },
    ...{ quorum: 1, quorumMax: undefined, terminateDelayMs: 0 },
  }
  for (const one of statement.block) readProcessWord(one, process, report)
  if (process.process === '')
    report(
      statement.at,
      `${statement.keyword} ${name.text} has no process, so keepalived leaves it out; write process NAME`,
    )
  else {
    define(`track_process ${name.text}`, process.weight, reading)
    const { quorumMax: _, ...kept } = process
    reading.trackProcesses.push(kept)
  }
}

function readProcessWord(statement: Statement, process: ProcessDraft, report: Report): void {
  switch (statement.keyword) {
    case 'process':
      if (process.process !== '') report(statement.at, `process of ${process.name} is there twice; take one away`)
      else process.process = valueBehind(statement, report)?.text ?? ''
      return
    case 'weight':
      if (process.weight !== 0) report(statement.at, `weight of ${process.name} is there twice; take one away`)
      else {
        process.weight = weightOf(statement, HEAVIEST, report) ?? 0
        process.reverse ||= isReverse(statement, report)
      }
      return
    case 'quorum':
    case 'quorum_max':
      readQuorum(statement, process, report)
      return
    case 'param_match':
      if (statement.words[1] !== undefined && !/^(?:initial|partial)$/.test(statement.words[1].text))
        report(statement.words[1].at, `param_match is ${statement.words[1].text}; it is initial, partial or nothing`)
      return
    case 'delay':
    case 'terminate_delay':
    case 'fork_delay': {
      const range = 'it is a number of seconds, up to 3600'
      const delay = numberOf(statement, (text) => millisecondsIn(text, 0.001, 3_600_000), range, report)
      if (delay !== undefined && statement.keyword !== 'fork_delay') process.terminateDelayMs = delay
      return
    }
  }
}

function readQuorum(statement: Statement, process: ProcessDraft, report: Report): void {
  const { keyword, at } = statement
  const least = keyword === 'quorum' ? 1 : 0
  const range = `it is a number of processes, ${least} to 65535`
  const found = numberOf(statement, (text) => unsignedIn(text, least, 65_535), range, report)
  if (found === undefined) return
  if (keyword === 'quorum') {
    if (found > (process.quorumMax ?? found)) report(at, `quorum of ${process.name} is above its quorum_max; lower it`)
    else process.quorum = found
  } else if (found < process.quorum && (found > 0 || process.quorum > 1))
    report(at, `quorum_max of ${process.name} is below its quorum; write at least ${process.quorum}`)
  else {
    process.quorumMax = found
    process.quorum = found === 0 ? 0 : Math.max(process.quorum, 1)
  }
}

function define(reference: string, weight: number, { weights }: Reading): void {
  if (!weights.has(reference)) weights.set(reference, weight)
}

function weightOf(statement: Statement, most: number, report: Report): number | undefined {
  return numberOf(statement, (text) => integerIn(text, -most, most), `a weight is -${most} to ${most}`, report)
}

function isReverse({ words }: Statement, report: Report): boolean {
  const option = words[2]
  if (option === undefined || option.text === 'reverse') return option !== undefined
  report(option.at, `keepalived knows no "${option.text}" behind a weight; write reverse or nothing`)
  return false
}
