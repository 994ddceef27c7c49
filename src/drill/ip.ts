import { describeFailure, exec, succeeded } from '../exec.ts'

const TIMEOUT_MS = 10_000

/**
 * Runs iproute2 commands, one per line, inside a namespace (or, for `netns` and `link add … netns`, outside any). Throws with
 * what it said, unless the commands are `optional`.
 */
export async function ipBatch(
  namespace: string | undefined,
  commands: readonly string[],
  signal?: AbortSignal,
  optional = false,
): Promise<void> {
  const where = [...(namespace === undefined ? [] : ['-n', namespace]), ...(optional ? ['-force'] : [])]
  const result = await exec('ip', [...where, '-batch', '-'], {
    timeoutMs: TIMEOUT_MS,
    signal,
    input: `${commands.join('\n')}\n`,
  })
  if (!optional && !succeeded(result))
    throw new Error(`ip ${where.join(' ')} -batch (${commands[0]} …): ${describeFailure(result)}`)
}

/** Runs a program inside a namespace. Throws with what it said unless it ends with 0. */
export async function inNamespace(namespace: string, argv: readonly string[], timeoutMs = TIMEOUT_MS): Promise<string> {
  const result = await exec('ip', ['netns', 'exec', namespace, ...argv], { timeoutMs })
  if (!succeeded(result)) throw new Error(`${argv.join(' ')} in ${namespace}: ${describeFailure(result)}`)
  return result.stdout.toString('utf8')
}

/** Pids of all processes inside a namespace; empty when there is no such namespace. */
export async function pidsIn(namespace: string): Promise<number[]> {
  const result = await exec('ip', ['netns', 'pids', namespace], { timeoutMs: TIMEOUT_MS })
  return result.stdout.toString('utf8').split('\n').filter(Boolean).map(Number)
}

/** Deletes namespaces, also ones that are half made or gone already. Throws when some are still there. */
export async function deleteNamespaces(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const input = names.map((name) => `netns delete ${name}\n`).join('')
  const result = await exec('ip', ['-force', '-batch', '-'], { timeoutMs: TIMEOUT_MS, input })
  const left = (await namespacesWith('')).filter((name) => names.includes(name))
  if (left.length > 0) throw new Error(`ip netns delete left ${left.join(', ')}: ${describeFailure(result)}`)
}

/** Names of all network namespaces of this machine that begin with `prefix`. */
export async function namespacesWith(prefix: string): Promise<string[]> {
  const result = await exec('ip', ['netns', 'list'], { timeoutMs: TIMEOUT_MS })
  const names = result.stdout
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
  return names.filter((name) => name.startsWith(prefix))
}
