import { closeSync, constants, lstatSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs'
import type { Logger } from 'pino'
import { childrenOf } from '../proc.ts'
import type { Troubles } from '../troubles.ts'
import { type FifoEnd, makeFifo, openFifo, parseFifoLine, type VrrpEvent } from './keepalived-fifo.ts'

export type FifoWatch = {
  /** Looks at the path now and mends it: before keepalived opens it anew. */
  look(): Promise<void>
  close(): void
}

export type FifoOptions = {
  path: string
  onEvent(event: VrrpEvent): void
  keepalivedPid(): number | undefined
  troubles: Pick<Troubles, 'raise' | 'clear'>
  log: Logger
}

const LOOK_EVERY_MS = 1_000
/** Ends of a path that is replaced again and again. keepalived keeps the first open until it is reloaded. */
const KEPT_ENDS = 4
const TROUBLE = 'fifo'

/**
 * Reads keepalived's states from the FIFO at `path`, and keeps a FIFO there. keepalived (2.2.7) opens the path at its
 * start and at each reload, and says nothing if it finds something else: it writes its states into a regular file, and
 * nowhere if it cannot open it. So what was replaced is read on, and made anew for the next reload.
 */
export async function watchFifo(options: FifoOptions): Promise<FifoWatch> {
  const { path, troubles, log } = options
  let ends: FifoEnd[] = []
  let file: FileEnd | undefined
  /** `replaced`: the keepalived of this pid may still have an earlier one open. */
  let trouble: { kind: 'not made' } | { kind: 'replaced'; pid: number } | undefined
  let looking: Promise<void> | undefined
  let closed = false

  const onLine = (line: string): void => {
    const event = parseFifoLine(line)
    if (event !== undefined) options.onEvent(event)
  }
  const good = (): void => {
    if (trouble === undefined) return
    trouble = undefined
    troubles.clear(TROUBLE)
    for (const end of ends.slice(0, -1)) end.close()
    ends = ends.slice(-1)
    file?.close()
    file = undefined
    log.info({ about: 'fifo', fifo: path }, 'keepalived has the FIFO that is in its place')
  }
  const open = (): void => {
    const end = openFifo(path, (line) => {
      if (end === ends.at(-1)) good()
      onLine(line)
    })
    ends.push(end)
    for (const line of end.backlog) onLine(line)
    if (ends.length > KEPT_ENDS) ends.splice(1, 1)[0]?.close()
  }
  const mend = async (): Promise<void> => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.isFIFO() === true && found.ino === ends.at(-1)?.inode) return
    // One that keepalived or a person made: keepalived has it open or will have, and all that it holds can be read.
    const isFirst = ends.length === 0
    if (found?.isFIFO() === true && canOpen(open)) {
      // The one of the agent before is where it should be.
      if (!isFirst) log.warn({ about: 'fifo', fifo: path }, 'another FIFO is in its place')
      return
    }
    if (found?.isFile() === true) {
      file?.close()
      file = followFile(path, onLine)
    }
    await makeFifo(path)
    if (closed) return
    open()
    const pid = options.keepalivedPid()
    // A keepalived that starts later opens this one.
    if (pid === undefined) return good()
    trouble = { kind: 'replaced', pid }
    const text = `${path}, where keepalived tells its states, was ${kindOf(found)} and is a FIFO again; states may come late or be missed until keepalived’s next reload (lb-agent sync --restore reloads it)`
    troubles.raise(TROUBLE, text)
    log.error({ about: 'fifo', fifo: path, found: kindOf(found) }, 'the FIFO was replaced')
  }
  const look = async (): Promise<void> => {
    try {
      file?.read()
      await mend()
    } catch (error) {
      troubles.raise(TROUBLE, `${path} cannot be made a FIFO: ${(error as Error).message}; states of VIPs are missed`)
      trouble ??= { kind: 'not made' }
      return
    }
    if (trouble !== undefined && isTaken(trouble)) good()
  }
  /** keepalived says nothing of its own when no VIP moves, which can be for months. */
  const isTaken = (since: NonNullable<typeof trouble>): boolean => {
    const pid = options.keepalivedPid()
    // One that starts later opens this one; and what could not be looked at for a while was never replaced.
    if (pid === undefined || since.kind === 'not made' || since.pid !== pid) return true
    return [pid, ...childrenOf(pid)].some((each) => hasOpen(each, path))
  }
  const lookOnce = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  await lookOnce()
  const timer = setInterval(() => void lookOnce(), LOOK_EVERY_MS)
  return {
    look: lookOnce,
    close: () => {
      closed = true
      clearInterval(timer)
      for (const end of ends) end.close()
      file?.close()
    },
  }
}

function canOpen(open: () => void): boolean {
  try {
    open()
    return true
  } catch {
    return false
  }
}

/** False also where /proc may not be read: then the first line, or a new keepalived, has to tell. */
function hasOpen(pid: number, path: string): boolean {
  try {
    const wanted = statSync(path)
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const found = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })
      return found?.ino === wanted.ino && found.dev === wanted.dev
    })
  } catch {
    return false
  }
}

function kindOf(found: Stats | undefined): string {
  if (found === undefined) return 'missing'
  if (found.isFile()) return 'a regular file'
  if (found.isDirectory()) return 'a directory'
  return found.isSymbolicLink() ? 'a link' : found.isFIFO() ? 'a FIFO that the agent may not open' : 'something else'
}

type FileEnd = { read(): void; close(): void }

const FILE_CHUNK = 64 * 1024

/** A regular file that keepalived may have opened in the FIFO's place: its states are appended there. */
function followFile(path: string, onLine: (line: string) => void): FileEnd | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch {
    return undefined
  }
  const buffer = Buffer.alloc(FILE_CHUNK)
  let position = 0
  let rest = ''
  return {
    read: () => {
      const count = readSync(fd, buffer, 0, FILE_CHUNK, position)
      position += count
      const lines = (rest + buffer.toString('utf8', 0, count)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    },
    close: () => closeSync(fd),
  }
}
