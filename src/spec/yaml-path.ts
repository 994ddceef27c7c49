import { quoted } from './shown.ts'

/** Keys and list indexes, from the top of a file down. */
export type YamlPath = readonly (string | number)[]

const PLAIN_KEY = /^[A-Za-z0-9_.-]{1,64}$/

/** `vips.api.prefer[0]`. A key with other characters is quoted, so that a message stays one line of plain text. */
export function formatPath(path: YamlPath): string {
  if (path.length === 0) return 'the file'
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!PLAIN_KEY.test(step)) text += `[${quoted(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}
