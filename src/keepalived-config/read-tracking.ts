import type { Tracking, TrackReference } from './config.ts'
import type { Draft, Reading } from './reading.ts'
import type { Report } from './report.ts'
import type { Statement } from './statements.ts'
import { integerIn } from './values.ts'

/** `followed`: keyword and name of all of them. */
export type TrackingDraft = { [kind in keyof Tracking]: Draft<TrackReference>[] } & { followed: Set<string> }

export function noTracking(): TrackingDraft {
  return { trackFiles: [], trackScripts: [], trackProcesses: [], trackInterfaces: [], followed: new Set() }
}

const LISTS = {
  track_file: { list: 'trackFiles', most: 254, noreverse: true },
  track_script: { list: 'trackScripts', most: 253, noreverse: true },
  track_process: { list: 'trackProcesses', most: 254, noreverse: true },
  track_interface: { list: 'trackInterfaces', most: 253, noreverse: false },
} as const

type ListKeyword = keyof typeof LISTS

/** track_file, track_script, track_process, track_interface of an instance or a sync group; false for other keywords. */
export function readTracking(statement: Statement, owner: string, tracking: TrackingDraft, reading: Reading): boolean {
  const { keyword } = statement
  if (!isList(keyword)) return false
  for (const one of statement.block) {
    const reference = referenceOf(one, keyword, owner, tracking, reading)
    if (reference === undefined) continue
    tracking.followed.add(`${keyword} ${reference.name}`)
    tracking[LISTS[keyword].list].push(reference)
  }
  return true
}

function isList(keyword: string): keyword is ListKeyword {
  return Object.hasOwn(LISTS, keyword)
}

/** `NAME [weight N [reverse|noreverse]]`; undefined where keepalived leaves it out (2.2.7, alloc_track_script() and the like). */
function referenceOf(
  { keyword: name, at, words }: Statement,
  keyword: ListKeyword,
  owner: string,
  tracking: TrackingDraft,
  reading: Reading,
): TrackReference | undefined {
  const { report } = reading
  const { most, noreverse } = LISTS[keyword]
  // Interfaces are the machine's.
  if (keyword !== 'track_interface' && !reading.weights.has(`${keyword} ${name}`)) {
    report(
      at,
      `${owner} follows ${keyword} ${name}, which is not defined before this line, so keepalived leaves it out; define it above, or correct the name`,
    )
    return undefined
  }
  if (tracking.followed.has(`${keyword} ${name}`)) {
    report(at, `${owner} follows ${keyword} ${name} twice; take one away`)
    return undefined
  }
  const [, option, value, direction] = words
  if (option === undefined) return { name, weight: undefined, reverse: undefined, at }
  if (option.text !== 'weight' || value === undefined) {
    const why = option.text === 'weight' ? 'weight has no value' : `"${option.text}" is not known here`
    report(option.at, `${why}, so keepalived leaves ${keyword} ${name} out; write weight and a number, or nothing`)
    return undefined
  }
  const weight = integerIn(value.text, -most, most)
  if (weight === undefined)
    report(value.at, `weight of ${keyword} ${name} is ${value.text}; a weight is -${most} to ${most}`)
  return {
    name,
    weight: weight ?? (keyword === 'track_interface' ? 0 : undefined),
    reverse: direction === undefined ? undefined : directionOf(direction, noreverse, report),
    at,
  }
}

function directionOf(
  word: { text: string; at: Statement['at'] },
  noreverse: boolean,
  report: Report,
): boolean | undefined {
  if (word.text === 'reverse') return true
  if (word.text === 'noreverse' && noreverse) return false
  const known = noreverse ? 'reverse, noreverse' : 'reverse'
  report(word.at, `keepalived knows no "${word.text}" behind a weight; write ${known} or nothing`)
  return undefined
}
