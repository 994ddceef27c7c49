import * as z from 'zod'

// Each field of a report has a title and a sentence: what it is, its unit, and what null means.

export function text(title: string, description: string) {
  return z.string().meta({ title, description })
}

export function number(title: string, description: string) {
  return z.number().meta({ title, description })
}

export function flag(title: string, description: string) {
  return z.boolean().meta({ title, description })
}

const EPOCH_MS = 'Milliseconds since 1970-01-01 UTC.'

/** A point in time, by the clock of the node that reports. */
export function time(title: string, description: string) {
  return number(title, `${description} ${EPOCH_MS}`)
}

/** `description` also says what null means. */
export function timeOrNull(title: string, description: string) {
  return orNull(title, `${description} ${EPOCH_MS}`, z.number())
}

/** A span of time: an age, a duration, a period. */
export function span(title: string, description: string) {
  return number(title, `${description} Milliseconds.`)
}

export function list<Item extends z.ZodType>(title: string, description: string, item: Item) {
  return z.array(item).readonly().meta({ title, description })
}

/** `description` also says what null means. */
export function orNull<Inner extends z.ZodType>(title: string, description: string, inner: Inner) {
  return inner.nullable().meta({ title, description })
}

export function oneOf<const Values extends readonly [string, ...string[]]>(
  title: string,
  description: string,
  values: Values,
) {
  return z.enum(values).meta({ title, description })
}

/** What tells the alternatives of a field apart: `kind` or `state`. */
export function tag<const Value extends string>(title: string, value: Value, description: string) {
  return z.literal(value).meta({ title, description })
}

export function headline() {
  return z
    .object({
      well: flag('Well', 'True when nothing is wrong; then the exit code is 0.'),
      text: text('Text', 'The first thing that is wrong, or that nothing is.'),
      advice: orNull('Advice', 'What to do next; null when the text says it, or nothing is to be done.', z.string()),
    })
    .meta({ title: 'Headline', description: 'The verdict, in one sentence, and what to do next.' })
}
