import type { Problem } from '../spec/problem.ts'
import { completeInstance } from './complete-instance.ts'
import { completeSyncGroups } from './complete-sync-groups.ts'
import type { InstanceConfig, KeepalivedConfig } from './config.ts'
import { GRAMMAR } from './grammar.ts'
import { readFixed } from './read-fixed.ts'
import { DEFAULT_GLOBALS, readGlobals } from './read-globals.ts'
import { readInstance } from './read-instance.ts'
import { type ReadOptions, readLines } from './read-lines.ts'
import { readSyncGroup } from './read-sync-group.ts'
import { readScript, readTrackFile, readTrackProcess } from './read-trackers.ts'
import type { Reading } from './reading.ts'
import type { Report } from './report.ts'
import { readStatements, type Statement } from './statements.ts'
import { checkVirtualRouterIds } from './vrid-conflicts.ts'
import { withoutWeights } from './weights.ts'

/** A file that is no keepalived.conf at all has one in each line. */
const MOST_PROBLEMS = 1_000

/**
 * A keepalived.conf and what it includes, as keepalived 2.2.7 goes on with it. `problems` says why `keepalived -t` refuses it, as
 * far as the file alone shows that: not whether interfaces, users and scripts exist. `file` is its name in positions, and what
 * `include` of the options gets for the file that an include stands in.
 */
export function readKeepalivedConfig(file: string, text: string, options: ReadOptions): KeepalivedConfig {
  const problems: Problem[] = []
  const fatal: Problem[] = []
  const report: Report = ({ file, line, col }, message, effect) => {
    const problem = { file, line, col, message }
    if (problems.length < MOST_PROBLEMS) problems.push(problem)
    if (effect !== undefined && fatal.length < MOST_PROBLEMS) fatal.push(problem)
  }
  const { lines, unread } = readLines(file, text, options, report)
  const reading: Reading = {
    ...{ report, globals: { ...DEFAULT_GLOBALS }, scripts: [], trackFiles: [], trackProcesses: [] },
    ...{ instances: new Map(), syncGroups: new Map(), weights: new Map(), newer: [], firstScript: undefined },
  }
  const statements = readStatements(lines, GRAMMAR, report, reading.newer)
  // Another process of keepalived reads them, before anything else.
  for (const statement of statements) if (statement.keyword === 'global_defs') readGlobals(statement, reading)
  for (const statement of statements) READERS.get(statement.keyword)?.(statement, reading)
  checkScriptSecurity(reading)
  const syncGroups = completeSyncGroups(reading)
  const groups = new Map(syncGroups.map((group) => [group.name, group]))
  const { globals, scripts, trackFiles, trackProcesses } = reading
  const instances = [...reading.instances.values()].flatMap((draft): InstanceConfig[] => {
    const instance = completeInstance(draft, globals, report)
    if (instance === undefined) return []
    const group = draft.syncGroup === undefined ? undefined : groups.get(draft.syncGroup)
    const isWeightless = instance.priority === 255 || group?.trackingWeight === false
    return [
      isWeightless
        ? withoutWeights(instance, group?.trackingWeight === false ? group.name : undefined, reading)
        : instance,
    ]
  })
  checkVirtualRouterIds(instances, globals, report)
  const found = { problems, fatal, unread, newer: reading.newer, fixed: readFixed(statements) }
  return { file, globals, scripts, trackFiles, trackProcesses, instances, syncGroups, ...found }
}

/** What is read; other blocks are passed over. */
const READERS: ReadonlyMap<string, (statement: Statement, reading: Reading) => void> = new Map([
  ['vrrp_instance', readInstance],
  ['vrrp_sync_group', readSyncGroup],
  ['vrrp_script', readScript],
  ['track_file', readTrackFile],
  ['vrrp_track_file', readTrackFile],
  ['vrrp_track_process', readTrackProcess],
])

/** keepalived.conf(5), enable_script_security; exit code 6 of -t. Without an instance nothing is run. */
function checkScriptSecurity({ globals, firstScript, instances, report }: Reading): void {
  if (globals.scriptSecurity || firstScript === undefined || instances.size === 0) return
  report(
    firstScript,
    'keepalived runs this script without enable_script_security; write that and script_user in global_defs',
  )
}
