import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { parseStateFile } from '../state-file.ts'
import { replaceFile } from '../write-file.ts'

const instanceSchema = z.object({
  state: z.enum(['MASTER', 'BACKUP', 'FAULT']),
  priority: z.number(),
  sinceMs: z.number(),
})
const fileSchema = z.object({
  pid: z.number().optional(),
  states: z
    .array(z.tuple([z.string(), instanceSchema.optional().catch(undefined)]))
    .transform((states) =>
      states.flatMap(([name, state]): [string, InstanceState][] => (state ? [[name, state]] : [])),
    ),
})

/** What keepalived last said of an instance. */
export type InstanceState = z.infer<typeof instanceSchema>

type Event =
  | { kind: 'state'; instance: string; state: InstanceState['state']; priority: number }
  | { kind: 'priority'; instance: string; state: 'MASTER' | 'BACKUP'; priority: number }
  | { kind: 'stopped'; instance: string }

/** Of one that hangs nothing is known until it goes on: what it said last may long be another node's. */
type Keepalived = { kind: 'running' | 'hanging'; pid: number; ageMs: number } | { kind: 'stopped' }

/** A keepalived clears what its predecessor has left within some 100 ms of its start. */
const SETTLED_AFTER_MS = 3_000

/** UNKNOWN: nobody has told, or the instance has stopped. */
export type StateChange = {
  instance: string
  from: InstanceState['state'] | 'UNKNOWN'
  to: InstanceState['state'] | 'UNKNOWN'
  priority: number
}

export type VrrpStates = {
  /** Gives the change of state that the event is, if it is one: compared with the last state that any keepalived told. */
  take(event: Event): StateChange | undefined
  get(instance: string): InstanceState | undefined
  /**
   * To be asked of an instance whose address is here: true when it said MASTER, and when it has said nothing for so long
   * that a keepalived that had just started would have taken the address off.
   */
  isMaster(instance: string): boolean
  /** Instances that have said anything since `forget`. */
  names(): ReadonlySet<string>
  forget(): void
}

/**
 * Remembers VRRP states across restarts of the agent. The FIFO tells only changes, so what was known of the keepalived
 * that still runs (same pid) stays true; of another one nothing is known until it reports.
 */
export function createVrrpStates(options: { file: string; keepalived(): Keepalived; now(): number }): VrrpStates {
  const { pid, states } = load(options.file)
  let knownPid = pidOf(options.keepalived())
  const current = new Map(pid !== undefined && pid === knownPid ? states : [])
  const reported = new Set<string>()
  // A killed keepalived says no goodbye: its successor's first state is the change from what it said last.
  const told = new Map(states.map(([instance, { state }]) => [instance, state as StateChange['from']]))

  const remember = (): void => {
    try {
      replaceFile(options.file, JSON.stringify({ pid: knownPid, states: [...current] }))
    } catch {
      // A full /run: only the next agent knows less.
    }
  }
  /** keepalived now; what another one has told is dropped. */
  const look = (): Keepalived => {
    const keepalived = options.keepalived()
    const running = pidOf(keepalived)
    if (running !== knownPid) current.clear()
    knownPid = running
    return keepalived
  }
  return {
    take: (event) => {
      look()
      if (event.kind === 'stopped') current.delete(event.instance)
      else if (event.kind === 'priority') {
        const known = current.get(event.instance)
        if (known !== undefined) current.set(event.instance, { ...known, priority: event.priority })
        // An instance that was renamed while MASTER tells nothing else. BACKUP is no proof: a MASTER that stays one says
        // BACKUP_PRIORITY in the middle of a reload.
        else if (event.state === 'MASTER') {
          current.set(event.instance, { state: 'MASTER', priority: event.priority, sinceMs: options.now() })
        }
      } else {
        const known = current.get(event.instance)
        const sinceMs = known?.state === event.state ? known.sinceMs : options.now()
        current.set(event.instance, { state: event.state, priority: event.priority, sinceMs })
      }
      // A reload that leaves the state as it is tells no state, whatever fifo_write_vrrp_states_on_reload says, but the
      // effective priority: it is computed anew from the base priority and the score (2.2.7, measured).
      reported.add(event.instance)
      remember()
      if (event.kind === 'priority') return undefined
      const { instance } = event
      const from = told.get(instance) ?? 'UNKNOWN'
      const to = event.kind === 'stopped' ? 'UNKNOWN' : event.state
      told.set(instance, to)
      return from === to ? undefined : { instance, from, to, priority: event.kind === 'stopped' ? 0 : event.priority }
    },
    get: (instance) => (look().kind === 'running' ? current.get(instance) : undefined),
    isMaster: (instance) => {
      const keepalived = look()
      if (keepalived.kind !== 'running') return false
      const known = current.get(instance)
      return known === undefined ? keepalived.ageMs > SETTLED_AFTER_MS : known.state === 'MASTER'
    },
    names: () => reported,
    forget: () => reported.clear(),
  }
}

function pidOf(keepalived: Keepalived): number | undefined {
  return keepalived.kind === 'stopped' ? undefined : keepalived.pid
}

/** An instance in a state that this version does not know is one of which nothing is known. */
function load(file: string): z.output<typeof fileSchema> {
  try {
    const read = parseStateFile(readFileSync(file, 'utf8'), fileSchema)
    if (read.kind === 'read') return read.value
  } catch {
    // None yet.
  }
  return { states: [] }
}
