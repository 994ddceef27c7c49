import type { Consequence, Why } from './consequences.ts'

/** A consequence as a sentence. */
export function consequenceText(consequence: Consequence): string {
  switch (consequence.kind) {
    case 'nothing':
      return 'nothing is reloaded'
    case 'start':
      return `${consequence.daemon} is started`
    case 'haproxy reload':
      return 'haproxy is reloaded: it serves all the while, and open connections stay with the old worker'
    case 'keepalived reload': {
      const { keeps } = consequence
      const kept =
        keeps.length === 0
          ? ''
          : `, and where this node is MASTER of ${keeps.join(', ')} it stays MASTER of ${keeps.length < 2 ? 'it' : 'them'}`
      return `keepalived is reloaded${kept}`
    }
    case 'restart needed':
      return `keepalived must be restarted, which takes its VIPs away: it refuses to reload this file and goes on with the old one (${list(consequence.reasons)})`
    case 'vip comes': {
      const { vips, to } = consequence
      const holder = to === undefined ? '' : `; ${to} holds it once all nodes have the change`
      return `${names(vips)} comes to this node${holder}`
    }
    case 'vip leaves and returns': {
      const { vips, away, drained, reasons } = consequence
      if (away === 'a moment')
        return `${names(vips)} leaves and returns within about a millisecond where this node holds it: ${list(reasons)}`
      return `${names(vips)} leaves and returns after an election where this node holds it, because keepalived takes it for another instance: ${list(reasons)}${drained ? DRAINED : ''}`
    }
    case 'vip moves': {
      const { vips, to, drained, reasons } = consequence
      return `${names(vips)} moves to ${to}, unless ${to} holds it already (the files of this node do not say who does): ${list(reasons)}${drained ? DRAINED : ''}`
    }
    case 'vip goes':
      return `${names(consequence.vips)} goes from this node, and no other one takes it: ${list(consequence.reasons)}`
    case 'nodes apart': {
      const { vips, reasons, isForeign } = consequence
      const silent = `those with it and those without do not hear each other`
      if (isForeign)
        return `lb-agent install leaves ${names(vips)} to the pair that runs until each node is taken over. Put in place by hand, ${silent}, and both may hold it: ${list(reasons)}`
      return `until all nodes have the change, ${silent}, and both may hold ${names(vips)}: ${list(reasons)}`
    }
    default:
      return consequence satisfies never
  }
}

const DRAINED = '. The agent gives it to another node first'

function names(vips: readonly string[]): string {
  return vips.length < 2 ? vips.join() : `each of ${vips.join(', ')}`
}

function list(reasons: readonly Why[]): string {
  return reasons.map(({ text, at }) => (at === undefined ? text : `${text} (${at.file}:${at.line})`)).join('; ')
}
