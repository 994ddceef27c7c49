import pino, { type DestinationStream, type Logger } from 'pino'
import { loadPretty } from '../assets.ts'
import type { Secrets } from '../secrets.ts'
import { cleanRecord, cleanWords, type Fields } from './clean-record.ts'
import { createRepeats, type Entry } from './repeats.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const FORMS = ['json', 'pretty'] as const
const LOOK_EVERY_MS = 1_000

export type LogSettings = { level: (typeof LEVELS)[number]; form: (typeof FORMS)[number] }

/** `LB_AGENT_LOG` and `LB_AGENT_LOG_LEVEL`, or a sentence that says which of them is wrong. */
export function readLogSettings(
  environment: Readonly<Record<string, string | undefined>>,
): { kind: 'settings'; settings: LogSettings } | { kind: 'wrong'; reason: string } {
  // An empty variable is what `Environment=LB_AGENT_LOG=` of a unit leaves: not set.
  const wantedLevel = environment['LB_AGENT_LOG_LEVEL'] || 'info'
  const wantedForm = environment['LB_AGENT_LOG'] || 'json'
  const level = LEVELS.find((each) => each === wantedLevel)
  const form = FORMS.find((each) => each === wantedForm)
  if (level === undefined) return { kind: 'wrong', reason: notOneOf('LB_AGENT_LOG_LEVEL', wantedLevel, LEVELS) }
  if (form === undefined) return { kind: 'wrong', reason: notOneOf('LB_AGENT_LOG', wantedForm, FORMS) }
  return { kind: 'settings', settings: { level, form } }
}

function notOneOf(name: string, found: string, choices: readonly string[]): string {
  const text = cleanWords(found, (each) => each, 40)
  return `${name} is "${text}"; it is one of ${choices.join(', ')}. Nothing was started`
}

/** `close` writes what was held back; the log can be used after it. */
export type AgentLog = { log: Logger; close(): void }

/**
 * The agent's log: a JSON document per line, or lines for people. Whatever is logged comes out clean (see `cleanRecord`),
 * without secrets, and what repeats is left out (see `createRepeats`); debug and trace, which somebody asked for, are
 * told in full.
 */
export async function createAgentLog(
  { level, form }: LogSettings,
  secrets: Pick<Secrets, 'hide'>,
  destination: DestinationStream,
): Promise<AgentLog> {
  const writer = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // They are plain fields by then.
      serializers: { err: (fields: unknown) => fields },
    },
    form === 'pretty' ? await forPeople(destination) : destination,
  )
  const write = (entries: readonly Entry[]): void => {
    for (const { level, fields, message } of entries) writer[level](fields, message)
  }
  const repeats = createRepeats()
  const timer = setInterval(() => write(repeats.due(performance.now())), LOOK_EVERY_MS)
  timer.unref()

  const take = (args: readonly unknown[], name: string | undefined): void => {
    const parts = partsOf(args)
    const fields = cleanRecord(parts.fields, secrets.hide)
    const message = cleanWords(parts.message, secrets.hide)
    if (name === 'info' || name === 'warn' || name === 'error')
      write(repeats.take({ level: name, message, fields }, performance.now()))
    if (name === 'fatal') write(repeats.flush())
    if (name === 'fatal' || name === 'debug' || name === 'trace') writer[name](fields, message)
  }
  // Everything goes through the hook, so this one writes nothing itself.
  const log = pino(
    { level, hooks: { logMethod: (args: unknown[], _method, number) => take(args, log.levels.labels[number]) } },
    { write: () => undefined },
  )
  return {
    log,
    close: () => {
      clearInterval(timer)
      write(repeats.flush())
    },
  }
}

/** `(fields, message)`, `(message)` and `(error, message)`, as pino takes them. */
function partsOf([first, second]: readonly unknown[]): { fields: Fields; message: string } {
  if (typeof first === 'string') return { fields: {}, message: first }
  const message = typeof second === 'string' ? second : ''
  if (first instanceof Error) return { fields: { err: first }, message: message === '' ? first.message : message }
  return { fields: typeof first === 'object' && first !== null ? { ...first } : {}, message }
}

/** Only loaded when a person asks for it; in this process, so that it needs no file beside the bundle. */
async function forPeople(destination: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await loadPretty()
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY === true && !process.env['NO_COLOR'],
    singleLine: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
  })
  return { write: (line) => destination.write(pretty(line)) }
}
