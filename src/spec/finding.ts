import { shown } from './shown.ts'
import { formatPath, type YamlPath } from './yaml-path.ts'

/** A problem whose place is still a path in the file. `parent`: the key is missing, so what should hold it is shown. */
export type Finding = { path: YamlPath; spot: 'key' | 'value' | 'parent'; message: string }

/** `vips.api.virtualRouterId is 300; a virtual router id is 1-255` */
export function wrongValue(path: YamlPath, value: unknown, why: string): Finding {
  return { path, spot: 'value', message: `${formatPath(path)} is ${shown(value)}; ${why}` }
}
