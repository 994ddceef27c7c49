import type { FaultKind } from './model.ts'

/**
 * What a check script notices. `kind` in one word, for messages. `stopsKeepalived`: it does not answer with its exit code alone, but
 * ends keepalived, which takes the node out of the election whatever the weight is.
 */
export type Sight = {
  kind: 'process' | 'connection' | 'answer' | 'answer through HAProxy' | 'something else' | 'unknown'
  sees: readonly FaultKind[]
  stopsKeepalived: boolean
}

type Seen = Omit<Sight, 'stopsKeepalived'>

const PROCESS: Seen = { kind: 'process', sees: ['haproxy-dead'] }
/** The kernel accepts connections for a HAProxy that is stopped, until the backlog is full (measured). */
const CONNECTION: Seen = { kind: 'connection', sees: ['haproxy-dead'] }
const ANSWER: Seen = { kind: 'answer', sees: ['haproxy-dead', 'haproxy-hung'] }
const THROUGH: Seen = { kind: 'answer through HAProxy', sees: ['haproxy-dead', 'haproxy-hung', 'servers-lost'] }
/** A process or a port of another program, a file, a ping: HAProxy may be gone meanwhile. */
const ELSE: Seen = { kind: 'something else', sees: [] }
/** Most checks are made to notice a dead HAProxy; more is not assumed. */
const UNKNOWN: Seen = { kind: 'unknown', sees: ['haproxy-dead'] }

/** The port at which pages of HAProxy's own are usually served, and their paths. */
const OWN_PAGE = /:(?:8404|8405|9000|1936)\b|\/(?:alive|stats|haproxy\w*|monitor|lb-healthz|metrics)\b/
const OF_THE_API = /https:|\/(?:healthz|livez|readyz|version|api|ping|cacerts)\b|:(?:6443|8443|9345|443)\b/
/** Programs that wait for an answer; socat and nc do where something is sent to them. */
const ASKS = /\b(?:curl|wget|httpie|openssl\s+s_client)\b.*/g
/** Asks over TLS, which HAProxy passes on: without a server it ends the connection. By http it answers 503 itself, and curl takes that for well. */
const SEES_FAILURE = /https:|\bwget\b|\bopenssl\b|\s-[a-zA-Z]*f|\s--fail/
const TALKS = /show\s+(?:info|stat|servers)/
const CONNECTS = /\b(?:nc|ncat|netcat|nmap|ss|netstat|lsof|socat)\b|\/dev\/tcp\//
const LOOKS_FOR_PROCESS =
  /\b(?:killall|pidof|pgrep|pkill|ps)\b|\bsystemctl\b.*\b(?:is-active|is-failed|status|show)\b|\bservice\b.*\bstatus\b|\brc-service\b|\bkill\s+-(?:0|s\s*0)\b|\/proc\//
const LOOKS_AT_FILES =
  /(?:^|[\s;&|/'"])(?:test|\[{1,2})\s+!?\s*-[a-zA-Z]\s|^<|\bping6?\b|\bip\s+(?:a|addr|address|link|route)\b/m
const ENDS_KEEPALIVED =
  /\b(?:killall|pkill)\b(?:\s+-\S+)*\s+keepalived\b|\bsystemctl\s+(?:stop|restart)\s+keepalived\b|\bservice\s+keepalived\s+(?:stop|restart)\b|\/etc\/init\.d\/keepalived\s+(?:stop|restart)\b/

/**
 * What a check of hand-written files notices, by its command, or by the text of the script that the command starts. It is told by
 * the programs that it calls: killall, pidof, pgrep, systemctl, kill -0 see a process; nc, ss, /dev/tcp a port; curl, wget an
 * answer, which may come from the servers behind HAProxy. `own`: addresses of the node and its VIPs, where they are known: what asks
 * only others does not ask HAProxy.
 */
export function whatScriptSees(command: string, scriptText?: string, own: readonly string[] = []): Sight {
  const text = scriptText === undefined ? command : withoutComments(scriptText)
  const seen = asksAnother(text, own)
    ? ELSE
    : (seenBy(text) ?? (scriptText === undefined ? seenElsewhere(text) : undefined) ?? UNKNOWN)
  return { ...seen, stopsKeepalived: endsKeepalived(text) }
}

/** Every address that it asks is another machine's. */
function asksAnother(text: string, own: readonly string[]): boolean {
  if (own.length === 0) return false
  const asked = [...(text.match(ASKS) ?? []), ...(CONNECTS.test(text) ? [text] : [])].join('\n')
  const addresses = asked.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g) ?? []
  return (
    addresses.length > 0 &&
    !/\blocalhost\b|\[::1\]/.test(asked) &&
    addresses.every((one) => !/^(?:127|0)\./.test(one) && !own.includes(one))
  )
}

function seenBy(text: string): Seen | undefined {
  if (/\blb-agent\b.*\bcheck\b/.test(text)) return ANSWER
  const asks = text.match(ASKS)?.join('\n')
  if (asks !== undefined)
    return OF_THE_API.test(asks) && !OWN_PAGE.test(asks) && SEES_FAILURE.test(asks) ? THROUGH : ANSWER
  if (TALKS.test(text)) return ANSWER
  if (CONNECTS.test(text)) return CONNECTION
  return LOOKS_FOR_PROCESS.test(text) && /haproxy/.test(text) ? PROCESS : undefined
}

/** Of a command alone: a script that looks at a file may do more. */
function seenElsewhere(command: string): Seen | undefined {
  return LOOKS_FOR_PROCESS.test(command) || LOOKS_AT_FILES.test(command) ? ELSE : undefined
}

/** Whether it ends keepalived, which takes the node out of the election whatever the weight is. */
export function endsKeepalived(text: string): boolean {
  return ENDS_KEEPALIVED.test(text)
}

function withoutComments(script: string): string {
  return script.replace(/^\s*#.*$/gm, '')
}
