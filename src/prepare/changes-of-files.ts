import { createTwoFilesPatch } from 'diff'
import type { RenderedFiles } from '../render/render-target.ts'

/** What becomes of one live file. `diff`: unified. `consequence`: in words. */
export type Change = { file: string; daemon: keyof RenderedFiles; diff: string; consequence: string }

/** How `next` differs from what is live at `paths`, but for the release id, which changes nothing. */
export function changesOf(
  paths: RenderedFiles,
  before: Readonly<Partial<Record<keyof RenderedFiles, string | undefined>>>,
  next: RenderedFiles,
): Change[] {
  return (['haproxy', 'keepalived'] as const).flatMap((daemon): Change[] => {
    const was = before[daemon] ?? ''
    const [old, planned] = [withoutRelease(was), withoutRelease(next[daemon])]
    if (old === planned) return []
    const file = paths[daemon]
    const isNew = was === ''
    return [
      {
        file,
        daemon,
        diff: createTwoFilesPatch(file, file, old, planned, isNew ? 'absent' : 'live', 'planned'),
        consequence: isNew ? `${daemon} is started` : `${daemon} is reloaded`,
      },
    ]
  })
}

/** The header names the release that wrote the file; a daemon does not read it. */
function withoutRelease(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{12}-[0-9a-f]{8}\b/g, 'not-released')
}
