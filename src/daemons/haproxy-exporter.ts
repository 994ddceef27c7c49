import { exec, succeeded } from '../exec.ts'
import type { Command } from './check-file.ts'

const ANSWERS_WITHIN_MS = 2_000

/** What to do where HAProxy was built without its exporter. */
export const SERVE_BY_AGENT = 'set metrics: { haproxy: agent } in agent.yaml, and restart the agent'

/** False when the binary says that it was built without its exporter (PROMEX), undefined when it does not say. */
export async function hasExporter([program, ...before]: Command): Promise<boolean | undefined> {
  const said = await exec(program, [...before, '-vv'], { timeoutMs: ANSWERS_WITHIN_MS })
  return succeeded(said) ? exporterIn(said.stdout.toString('utf8')) : undefined
}

/** `Feature list : … +PRCTL -PROMEX …` of `haproxy -vv`. */
export function exporterIn(said: string): boolean | undefined {
  const sign = /^Feature list\b.*([+-])PROMEX\b/m.exec(said)?.[1]
  return sign === undefined ? undefined : sign === '+'
}

/**
 * A refusal of `haproxy -c` with what to do, when it is about the exporter. The built-in template asks for it only where it
 * is; a repository's own may ask for it anywhere.
 */
export function withAdvice(refusal: string): string {
  // HAProxy 2.6.12, built without USE_PROMEX.
  if (!/'prometheus-exporter'.*unknown service name/.test(refusal)) return refusal
  return `${refusal}\nHAProxy on this machine was built without its exporter (PROMEX): ${SERVE_BY_AGENT}; a template of your own asks for it only if serves_metrics is true`
}
