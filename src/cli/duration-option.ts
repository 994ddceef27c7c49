import { DURATION, parseDurationMs } from '../spec/duration.ts'

/** Why an option that says how long something lasts cannot be taken; undefined when it can, or is not given. */
export function whyNoDuration(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const takes = 'takes a duration such as 30m, 2h or 1d'
  if (!DURATION.test(text)) return `${option} ${takes}, not ${text}`
  return parseDurationMs(text) === 0 ? `${option} ${takes}; ${text} would be over at once` : undefined
}
