import { posix } from 'node:path'

/** The directory of a path in the project; '' is the project's own. */
export function directoryOf(path: string): string {
  const directory = posix.dirname(path)
  return directory === '.' ? '' : directory
}

/** A path that is written in a file of `directory`; undefined where it leads out of the project. */
export function joined(directory: string, path: string): string | undefined {
  const full = posix.normalize(posix.join(directory === '' ? '.' : directory, path))
  return full.startsWith('..') || full.startsWith('/') ? undefined : full.replace(/\/$/, '')
}

export function nameOf(path: string): string {
  return posix.basename(path)
}

export function depthOf(path: string): number {
  return path.split('/').length
}
