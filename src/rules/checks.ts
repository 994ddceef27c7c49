import { listenersAt } from '../haproxy-config/listeners.ts'
import type { TrackedScript, Tracker } from '../proof/model.ts'
import type { Unanswered } from '../proof/unanswered.ts'
import { either } from '../spec/shown.ts'
import { andList, type Evidence, finding } from './evidence.ts'
import type { RuleFinding } from './finding.ts'

/** What the check scripts of keepalived look at, and whether keepalived learns of it. */
export function checkRules(evidence: Evidence): RuleFinding[] {
  return evidence.cluster.routers.flatMap((router) =>
    router.trackers.flatMap((tracker) => [
      ...unread(tracker),
      ...(tracker.script === undefined
        ? []
        : [
            ...vipItself(tracker, tracker.script),
            ...exitStatus(tracker, tracker.script),
            ...strangePort(evidence, tracker, tracker.script),
            ...unanswered(tracker, tracker.script),
          ]),
    ]),
  )
}

function unread({ name, what, at, unknown, script }: Tracker): RuleFinding[] {
  if (unknown === undefined) return []
  return [finding('SCRIPT-UNREAD', 'note', [at], `${name}: ${unknown}`, howToRead(what, script))]
}

/** Programs of the system are known by name, or not at all. */
const OF_THE_SYSTEM = /^(?:[^/]+|\/(?:usr\/)?s?bin\/\S+)$/

function howToRead(what: Tracker['what'], script: TrackedScript | undefined): string {
  if (what === 'file') return 'nothing, where people write it by hand; what follows HAProxy must be something else'
  const [program = ''] = script?.command.split(/\s/) ?? []
  if (script?.isFound !== true && !OF_THE_SYSTEM.test(program))
    return 'put the script beside keepalived.conf, under the name that it has there'
  return 'try it on a node: stop HAProxy, run it, and echo $? must not say 0; what curl, nc, pidof and killall look at is known'
}

/** Seen with 2.2.7: with weight 0 all nodes stay in FAULT, and with another one a dead HAProxy moves nothing. */
function vipItself({ name, at, healthy }: Tracker, { asksVip }: TrackedScript): RuleFinding[] {
  if (asksVip === undefined) return []
  const instead = `ask 127.0.0.1 instead; or ask ${asksVip} only where it is: ip addr | grep -qw ${asksVip} || exit 0 before it`
  if (healthy === 'FAULT')
    return [
      finding(
        'TAKEOVER',
        'error',
        [at],
        `${name} asks ${asksVip} itself, with weight 0: while nobody holds it nobody answers, so every node goes to FAULT, and none of them ever takes it`,
        instead,
      ),
    ]
  return [
    finding(
      'TAKEOVER',
      'warning',
      [at],
      `${name} asks ${asksVip} itself: whoever holds it, all nodes get the same answer, so that the weight moves nothing`,
      instead,
    ),
  ]
}

function exitStatus({ name, at }: Tracker, { exitStatus: status }: TrackedScript): RuleFinding[] {
  switch (status) {
    case 'as seen':
      return []
    case 'always well':
      return [
        finding(
          'SCRIPT-STATUS',
          'warning',
          [at],
          `${name} ends with exit status 0 whatever it has seen: keepalived never learns of a failure, so the table takes it to notice nothing`,
          'let what looks be the last command, without || true or exit 0 behind it',
        ),
      ]
    case 'of a restart':
      return [
        finding(
          'SCRIPT-STATUS',
          'warning',
          [at],
          `${name} starts HAProxy again and ends as that does: keepalived learns of a failure only when HAProxy does not start, and later than the table says`,
          'let systemd start it again (Restart=always in haproxy.service), and let the check only look',
        ),
      ]
    default:
      return status satisfies never
  }
}

/** A check of several ports looks at HAProxy if one of them is its. */
function strangePort({ haproxy }: Evidence, { name, at }: Tracker, { ports }: TrackedScript): RuleFinding[] {
  const isListening = haproxy.some(({ proxies }) => proxies.some(({ binds }) => binds.length > 0))
  if (!isListening || ports.length === 0) return []
  if (ports.some((port) => haproxy.some((config) => listenersAt(config, port).length > 0))) return []
  const files = andList([...new Set(haproxy.map(({ file }) => file))])
  return [
    finding(
      'SCRIPT-PORT',
      'warning',
      [at],
      `${name} asks port ${either(ports.map(String))}, and no frontend of ${files} listens there: it looks at another program, and the table takes it to look at HAProxy`,
      'the port of a frontend',
    ),
  ]
}

/** Tried with HAProxy 2.6 and keepalived 2.2.7: with weight 0 all nodes are in FAULT, with a negative one all have it off. */
function unanswered({ name, at, healthy }: Tracker, { unanswered: found }: TrackedScript): RuleFinding[] {
  if (found === undefined) return []
  const { asked, listens, outcome } = found
  const what = `${name} asks ${andList(asked)}; HAProxy listens there at ${andList(listens)} only`
  const [first = ''] = asked
  return [
    finding(
      'SCRIPT-PORT',
      outcome === 'always fails' && healthy === 'FAULT' ? 'error' : 'warning',
      [at, ...found.at],
      `${what}: ${OUTCOMES[outcome]}`,
      `bind ${first.replace('localhost', '127.0.0.1')} as well in haproxy.cfg`,
    ),
  ]
}

const OUTCOMES: Readonly<Record<Unanswered['outcome'], string>> = {
  'always fails': 'the check always fails',
  'may be answered':
    'the check always fails, unless another program answers there, such as an API server of the node; the table takes it to look at HAProxy',
  'not understood':
    'that question always fails, and when the check then does was not understood; the table takes it to look at HAProxy',
}
