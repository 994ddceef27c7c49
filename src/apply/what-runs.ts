import type { RenderedFiles } from '../render/render-target.ts'
import { type Release, unread } from './release.ts'

/**
 * What the daemons run where `from` is applied, as far as the live files tell: a file that is not `from`'s may have been loaded by
 * whoever wrote it, so that its daemon has to read the next one even if that says what `from` says.
 */
export function whatRuns(from: Release, live: { readonly [Name in keyof RenderedFiles]: string | undefined }): Release {
  const edited = (['haproxy', 'keepalived'] as const).filter((daemon) => live[daemon] !== from.files[daemon])
  const { haproxy, keepalived } = from.files
  const files = { haproxy: live.haproxy ?? haproxy, keepalived: live.keepalived ?? keepalived }
  return { ...unread(from, edited), files }
}
