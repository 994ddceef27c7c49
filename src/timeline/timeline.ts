import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { appendFile, rename } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Troubles } from '../troubles.ts'
import type { Words } from '../words.ts'
import { type NewEvent, parseEvent, type TimelineEvent } from './event.ts'
import { createRepeats } from './repeats.ts'

export type Timeline = {
  /** Takes an event as of now. Never waits for the disk and never throws. */
  add(event: NewEvent): void
  /** The newest `count` events, oldest first. */
  latest(count: number): readonly TimelineEvent[]
  onEvent(listener: (event: TimelineEvent) => void): void
  /** Waits a moment for what is not yet written. */
  close(): Promise<void>
}

export type TimelineOptions = {
  /** `….jsonl`; when it is full it becomes `….jsonl.1`, and the one before is dropped. */
  file: string
  now(): number
  /** What an event says goes through it before it is kept, written or handed on. */
  words: Words
  troubles: Pick<Troubles, 'raise' | 'clear'>
  maxBytes?: number
  retryAfterMs?: number
}

const MAX_BYTES = 256 * 1024
const MAX_EVENTS_IN_MEMORY = 2_000
const MAX_UNWRITTEN = 1_000
const RETRY_AFTER_MS = 5_000
const CLOSE_WITHIN_MS = 1_000
const TROUBLE = 'timeline'

/** What happened on this node, kept over restarts of the agent: JSON lines in two files of bounded size. */
export function createTimeline(options: TimelineOptions): Timeline {
  const { file, now, words, troubles, maxBytes = MAX_BYTES, retryAfterMs = RETRY_AFTER_MS } = options
  const events: TimelineEvent[] = [...readEvents(`${file}.1`), ...readEvents(file)].slice(-MAX_EVENTS_IN_MEMORY)
  const repeats = createRepeats()
  const listeners: ((event: TimelineEvent) => void)[] = []
  const unwritten: string[] = []
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  // Half a line, left by a power cut, must not swallow the next one.
  let cut = !endsWithNewline(file, size)
  let writing: Promise<void> | undefined
  let retryTimer: NodeJS.Timeout | undefined

  const keep = (event: TimelineEvent, fold: boolean): void => {
    if (fold) {
      const before = events.findLastIndex((other) => isSameDaemon(other, event))
      if (before >= 0) events.splice(before, 1)
    }
    events.push(event)
    if (events.length > MAX_EVENTS_IN_MEMORY) events.shift()
  }
  const write = async (): Promise<void> => {
    while (unwritten.length > 0) {
      const count = unwritten.length
      const text = (cut ? '\n' : '') + unwritten.join('')
      if (size > 0 && size + text.length > maxBytes) {
        // One that somebody has deleted is not full any more.
        await rename(file, `${file}.1`).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error
        })
        size = 0
        cut = false
        continue
      }
      cut = true
      await appendFile(file, text, { mode: 0o640 })
      cut = false
      size += Buffer.byteLength(text)
      unwritten.splice(0, count)
    }
    troubles.clear(TROUBLE)
  }
  const onFailure = (error: Error): void => {
    const text = `the timeline ${file} cannot be written: ${error.message}; its newest events are kept in memory`
    troubles.raise(TROUBLE, text)
    retryTimer ??= setTimeout(() => {
      retryTimer = undefined
      startWriting()
    }, retryAfterMs)
    retryTimer.unref()
  }
  const startWriting = (): void => {
    writing ??= write()
      .catch(onFailure)
      .finally(() => {
        writing = undefined
        if (unwritten.length > 0 && retryTimer === undefined) startWriting()
      })
  }
  return {
    add: (added) => {
      const atMs = now()
      const taken = repeats.take(words(added), atMs)
      const event: TimelineEvent = { atMs, ...taken.event }
      keep(event, taken.fold)
      // On a disk that hangs the file misses what comes after this many; memory has it.
      if (taken.write && unwritten.length < MAX_UNWRITTEN) unwritten.push(`${JSON.stringify(event)}\n`)
      if (retryTimer === undefined) startWriting()
      for (const listener of listeners) {
        try {
          listener(event)
        } catch {
          // What is told to others must not keep the agent from its work.
        }
      }
    },
    latest: (count) => (count > 0 ? events.slice(-count) : []),
    onEvent: (listener) => {
      listeners.push(listener)
    },
    close: async () => {
      clearTimeout(retryTimer)
      await Promise.race([writing, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })])
    },
  }
}

function isSameDaemon(one: TimelineEvent, other: TimelineEvent): boolean {
  return one.kind === 'daemon' && other.kind === 'daemon' && one.unit === other.unit && one.what === other.what
}

function readEvents(file: string): TimelineEvent[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => parseEvent(line) ?? [])
  } catch {
    return []
  }
}

function endsWithNewline(file: string, size: number): boolean {
  if (size === 0) return true
  try {
    const handle = openSync(file, 'r')
    try {
      const last = Buffer.alloc(1)
      readSync(handle, last, 0, 1, size - 1)
      return last.toString() === '\n'
    } finally {
      closeSync(handle)
    }
  } catch {
    return false
  }
}
