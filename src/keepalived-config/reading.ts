import type { Position } from '../spec/problem.ts'
import type { Globals, NewerWord, ScriptConfig, TrackFileConfig, TrackProcessConfig } from './config.ts'
import type { InstanceDraft } from './read-instance.ts'
import type { SyncGroupDraft } from './read-sync-group.ts'
import type { Report } from './report.ts'
import type { Statement } from './statements.ts'
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
  /** Keyword of a reference and name, such as `track_file gate`. */
  defined: Set<string>
  newer: NewerWord[]
  /** The first word that makes keepalived run a program. */
  firstScript: Position | undefined
}

/** The word behind a keyword. Without one keepalived stops reading at once (2.2.7, null_strvec()). */
export function valueBehind({ keyword, at, words }: Statement, report: Report): Word | undefined {
  const value = words[1]
  if (value === undefined) report(at, `${keyword} has no value; write one behind it`)
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
