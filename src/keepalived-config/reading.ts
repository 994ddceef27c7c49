import type { Position } from '../spec/problem.ts'
import type { Globals, NewerWord, ScriptConfig, TrackFileConfig, TrackProcessConfig } from './config.ts'
import type { InstanceDraft } from './instance-draft.ts'
import type { SyncGroupDraft } from './read-sync-group.ts'
import { type Report, shown } from './report.ts'
import type { Statement } from './statements.ts'
import { booleanIn } from './values.ts'
import type { Word } from './words.ts'

type Mutable<T> = { -readonly [key in keyof T]: T[key] }
export type Draft<T> = Mutable<T>

/** What has been read so far. keepalived looks names up as it goes, so what comes later is not known yet (2.2.7). */
export type Reading = {
  report: Report
  globals: Draft<Globals>
  scripts: ScriptConfig[]
  trackFiles: TrackFileConfig[]
  trackProcesses: TrackProcessConfig[]
  instances: Map<string, InstanceDraft>
  syncGroups: Map<string, SyncGroupDraft>
  /** Weight by keyword of a reference and name, such as `track_file gate`. Of two with one name the first is followed. */
  weights: Map<string, number>
  newer: NewerWord[]
  /** The first word that makes keepalived run a program. */
  firstScript: Position | undefined
}

/** The name of a block that needs one of its own; undefined where keepalived leaves the block out. */
export function nameOfBlock(
  { keyword, at, words: [, name, more] }: Statement,
  known: ReadonlyMap<string, { at: Position }>,
  report: Report,
): string | undefined {
  if (name === undefined || more !== undefined) {
    report(at, `${keyword} needs one name, so keepalived leaves it out; write one word behind it`)
    return undefined
  }
  const other = known.get(name.text)
  if (other === undefined) return name.text
  report(
    name.at,
    `${keyword} ${name.text} is there already (${shown(other.at)}), so keepalived leaves this one out; give it another name`,
  )
  return undefined
}

/** The word behind a keyword. Without one keepalived stops reading at once (2.2.7, null_strvec()). */
export function valueBehind({ keyword, at, words }: Statement, report: Report): Word | undefined {
  const value = words[1]
  if (value === undefined) report(at, `${keyword} has no value; write one behind it`, 'ends keepalived')
  return value
}

/** A number behind a keyword, read by `read`; `range` completes the sentence `priority is x; …`. */
export function numberOf(
  statement: Statement,
  read: (text: string) => number | undefined,
  range: string,
  report: Report,
): number | undefined {
  const value = valueBehind(statement, report)
  if (value === undefined) return undefined
  const number = read(value.text)
  if (number === undefined) report(value.at, `${statement.keyword} is ${value.text}; ${range}`)
  return number
}

/** on, off or nothing behind a keyword, which is on. */
export function booleanOf({ keyword, words }: Statement, report: Report): boolean | undefined {
  const value = words[1]
  if (value === undefined) return true
  const found = booleanIn(value.text)
  if (found === undefined) report(value.at, `${keyword} is ${value.text}; it is on, off, or has no value`)
  return found
}
