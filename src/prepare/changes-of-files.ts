import { createTwoFilesPatch } from 'diff'
import type { RenderedFiles } from '../render/render-target.ts'
import { hideCredentials } from '../secrets.ts'

/**
 * What becomes of one live file. `diff`: unified, without what looks like a credential: it goes to terminals, tickets and logs of a CI.
 * `added`, `removed`: lines. `consequence`: in words.
 */
export type Change = {
  file: string
  daemon: keyof RenderedFiles
  diff: string
  added: number
  removed: number
  consequence: string
}

/** How `next` differs from what is at `paths`, but for the release id, which changes nothing. `was`: what the head of the diff calls it. */
export function changesOf(
  paths: RenderedFiles,
  before: Readonly<Partial<Record<keyof RenderedFiles, string | undefined>>>,
  next: RenderedFiles,
  was: 'live' | 'from' = 'live',
): Change[] {
  return (['haproxy', 'keepalived'] as const).flatMap((daemon): Change[] => {
    const [old, planned] = [withoutRelease(before[daemon] ?? ''), withoutRelease(next[daemon])]
    if (old === planned) return []
    const file = paths[daemon]
    const isNew = old === ''
    const diff = createTwoFilesPatch(file, file, old, planned, isNew ? 'absent' : was, 'planned')
    return [
      {
        file,
        daemon,
        diff: withoutSecrets(diff),
        ...{ added: linesWith('+', diff), removed: linesWith('-', diff) },
        consequence: isNew ? `${daemon} is started` : `${daemon} is reloaded`,
      },
    ]
  })
}

/** Line by line: what stands at the end of one says nothing of the next. */
function withoutSecrets(diff: string): string {
  return diff.split('\n').map(hideCredentials).join('\n')
}

/** The two lines of its head do not count. */
function linesWith(sign: '+' | '-', diff: string): number {
  return diff
    .slice(diff.indexOf('\n@@ '))
    .split('\n')
    .filter((line) => line.startsWith(sign)).length
}

/** The header names the release that wrote the file; a daemon does not read it. */
function withoutRelease(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{12}-[0-9a-f]{8}\b/g, 'not-released')
}
