import type { FaultKind } from './model.ts'

/** What a check script notices. `kind` in one word, for messages. */
export type Sight = {
  kind: 'process' | 'connection' | 'answer' | 'answer through HAProxy' | 'unknown'
  sees: readonly FaultKind[]
}

const PROCESS: Sight = { kind: 'process', sees: ['haproxy-dead'] }
/** The kernel accepts connections for a HAProxy that is stopped, until the backlog is full (measured). */
const CONNECTION: Sight = { kind: 'connection', sees: ['haproxy-dead'] }
const ANSWER: Sight = { kind: 'answer', sees: ['haproxy-dead', 'haproxy-hung'] }
const THROUGH: Sight = { kind: 'answer through HAProxy', sees: ['haproxy-dead', 'haproxy-hung', 'servers-lost'] }
/** Most checks are made to notice a dead HAProxy; more is not assumed. */
const UNKNOWN: Sight = { kind: 'unknown', sees: ['haproxy-dead'] }

/** The port at which pages of HAProxy's own are usually served, and their paths. */
const OWN_PAGE = /:(?:8404|8405|9000|1936)\b|\/(?:alive|stats|haproxy|monitor|lb-healthz|metrics)\b/
const OF_THE_API = /https:|\/(?:healthz|livez|readyz|version|api|ping|cacerts)\b|:(?:6443|8443|9345|443)\b/

/**
 * What a check of hand-written files notices, by its command, or by the text of the script that the command starts. It is told by
 * the programs that it calls: killall, pidof, pgrep, systemctl, kill -0 see a process; nc, ss, /dev/tcp a port; curl, wget an
 * answer, which may come from the servers behind HAProxy.
 */
export function whatScriptSees(command: string, scriptText?: string): Sight {
  const text = scriptText === undefined ? command : withoutComments(scriptText)
  if (/\blb-agent\b.*\bcheck\b/.test(text)) return ANSWER
  const asks = text.match(/\b(?:curl|wget|http|https|openssl\s+s_client)\b.*/g)?.join('\n')
  if (asks !== undefined) return OF_THE_API.test(asks) && !OWN_PAGE.test(asks) ? THROUGH : ANSWER
  if (/show (?:info|stat)/.test(text)) return ANSWER
  if (/\b(?:nc|ncat|netcat|nmap|ss|netstat|lsof)\b|\/dev\/tcp\//.test(text)) return CONNECTION
  if (isProcessCheck(text)) return PROCESS
  return UNKNOWN
}

function isProcessCheck(text: string): boolean {
  if (/\b(?:killall|pidof|pgrep|pkill)\b/.test(text)) return /haproxy/.test(text)
  if (/\bsystemctl\b.*\b(?:is-active|status)\b|\bservice\b.*\bstatus\b|\bps\b/.test(text)) return /haproxy/.test(text)
  return /\bkill\s+-(?:0|s\s*0)\b/.test(text) || /^<?\s*\/proc\/|haproxy\.pid/.test(text)
}

function withoutComments(script: string): string {
  return script.replace(/^\s*#.*$/gm, '')
}
