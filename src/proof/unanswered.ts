import type { HaproxyConfig } from '../haproxy-config/config.ts'
import { listenersAt, mayAnswer } from '../haproxy-config/listeners.ts'
import { endpoint, parseIpAddress } from '../spec/address.ts'
import type { Position } from '../spec/problem.ts'
import { API_PORTS } from './api-ports.ts'
import { type Asked, askedHere } from './script-text.ts'
import { alwaysEndsBadly, type Verdict } from './shell-status.ts'
import { endsKeepalived } from './what-script-sees.ts'

/**
 * What a check asks on this node at a port where HAProxy listens at other addresses alone. `asked` and `listens` are texts, `at` the
 * binds. `outcome`: `always fails`; `may be answered`, by another program of the node; or `not understood`, where that the question
 * fails is sure, and not that the check does.
 */
export type Unanswered = {
  asked: readonly string[]
  listens: readonly string[]
  at: readonly Position[]
  outcome: 'always fails' | 'may be answered' | 'not understood'
}

/** `text`: the shell of the check, or its command. `own`: addresses of the node, `vips`: those that it may have or not. */
type Check = { text: string; isShell: boolean; own: readonly string[]; vips: readonly string[] }

/** undefined: HAProxy may answer something that the check asks, or it asks nothing at a port of HAProxy. */
export function unansweredOf(check: Check, haproxy: HaproxyConfig): Unanswered | undefined {
  const { text, own, vips } = check
  const asked = askedHere(text, [...own, ...vips]).filter(({ host, port }) => !isVip(host) && isOfHaproxy(port))
  if (asked.length === 0 || asked.some(isAnswered)) return undefined
  const listeners = [...new Set(asked.flatMap(({ port }) => listenersAt(haproxy, port)))]
  return {
    asked: asked.map(({ host, port }) => endpoint(host, port)),
    listens: [...new Set(listeners.map(({ address, family }) => address ?? (family === 6 ? '::' : '0.0.0.0')))],
    at: listeners.map(({ at }) => at),
    outcome: outcome(),
  }

  function outcome(): Unanswered['outcome'] {
    const failsBy = (fails: (one: Asked) => boolean): boolean =>
      check.isShell && alwaysEndsBadly(text, (command) => verdictOf(command, fails))
    if (failsBy((one) => isUnanswered(one) && !mayBeAnothers(one, own, haproxy))) return 'always fails'
    return failsBy(isUnanswered) ? 'may be answered' : 'not understood'
  }

  function verdictOf(command: string, fails: (one: Asked) => boolean): Verdict {
    if (endsKeepalived(command)) return 'ends the script badly'
    const questions = isQuestion(command) ? askedHere(command, [...own, ...vips]) : []
    const urls = command.match(/https?:\/\//g) ?? []
    return questions.length > 0 && questions.length >= urls.length && questions.every(fails) ? 'fails' : undefined
  }

  function isUnanswered(one: Asked): boolean {
    return !isVip(one.host) && isOfHaproxy(one.port) && !isAnswered(one)
  }

  function isVip(host: string): boolean {
    return vips.includes(host)
  }

  function isOfHaproxy(port: number): boolean {
    return listenersAt(haproxy, port).length > 0
  }

  function isAnswered({ host, port }: Asked): boolean {
    return listenersAt(haproxy, port).some((listener) => mayAnswer(listener, host))
  }
}

/** A program that fails when nobody takes its connection, and that asks where its words say. */
function isQuestion(command: string): boolean {
  const isProgram = /^(?:\S*\/)?(?:curl|wget|nc|ncat|netcat|telnet|openssl)\s/.test(command)
  const isElsewhere = /\s(?:--resolve|--connect-to|--(?:socks\S*|pre)?proxy|-x|--unix-socket|-\w*u)\b/.test(command)
  return (isProgram && !isElsewhere) || /[<>]\s*\/dev\/tcp\//.test(command)
}

/**
 * A local API server has its usual port; a server of haproxy.cfg that is on this node has the one that is written. Where the files do
 * not say which address the node has, each of them may be on it.
 */
function mayBeAnothers({ port }: Asked, own: readonly string[], { proxies }: HaproxyConfig): boolean {
  const isHere = (address: string): boolean =>
    own.length === 0 || parseIpAddress(address)?.kind !== 'unicast' || own.includes(address)
  return (
    API_PORTS.includes(port) ||
    proxies
      .flatMap(({ servers }) => servers)
      .some((server) => (server.port === undefined || server.port === port) && isHere(server.address))
  )
}
