import { createHash } from 'node:crypto'
import { cleanText } from '../clean-text.ts'
import { describeFailure, succeeded } from '../exec.ts'
import type { Git } from './git-command.ts'

const LOCAL_TIMEOUT_MS = 10_000
const NEWLINE = 0x0a

/** The contents of blobs in the order of `oids`, or why the mirror could not give them. */
export async function readBlobs(
  git: Git,
  directory: string,
  oids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ kind: 'blobs'; blobs: readonly Buffer[] } | { kind: 'unreadable'; reason: string }> {
  if (oids.length === 0) return { kind: 'blobs', blobs: [] }
  const input = `${oids.join('\n')}\n`
  const shown = await git(directory, ['cat-file', '--batch'], { timeoutMs: LOCAL_TIMEOUT_MS, signal, input })
  if (!succeeded(shown))
    return { kind: 'unreadable', reason: `git cat-file: ${cleanText(describeFailure(shown), 400)}` }
  const blobs: Buffer[] = []
  let rest = shown.stdout
  for (const oid of oids) {
    const headEnd = rest.indexOf(NEWLINE)
    const head = rest.subarray(0, Math.max(headEnd, 0)).toString('latin1')
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(head)?.[1] ?? Number.NaN)
    const blob = rest.subarray(headEnd + 1, headEnd + 1 + size)
    // git itself compares names and contents only in fsck.
    if (blob.length !== size || blobName(blob, oid) !== oid)
      return { kind: 'unreadable', reason: `object ${oid} is missing or damaged in ${directory}` }
    blobs.push(blob)
    rest = rest.subarray(headEnd + 1 + size + 1)
  }
  return { kind: 'blobs', blobs }
}

function blobName(blob: Buffer, like: string): string {
  const algorithm = like.length === 64 ? 'sha256' : 'sha1'
  return createHash(algorithm).update(`blob ${blob.length}\0`).update(blob).digest('hex')
}
