import { type IpAddress, parseIpAddress } from '../spec/address.ts'
import type { AddressConfig } from './config.ts'
import type { Report } from './report.ts'
import type { Statement } from './statements.ts'
import { unsignedIn } from './values.ts'
import type { Word } from './words.ts'

/** Interface names and labels (IFNAMSIZ). */
export const LONGEST_NAME = 15

/** What stands behind an address and has a value, with where it is kept. */
const WITH_VALUE = new Set(['dev', 'scope', 'brd', 'broadcast', 'label', 'peer', 'preferred_lft'])
const FLAGS = new Set(['home', '-nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin', 'no_track', 'use_vmac'])
const SCOPES = new Set(['global', 'nowhere', 'host', 'link', 'site'])

/** An address as unicast_src_ip and unicast_peer take it: what stands behind - or / is not looked at (inet_stosockaddr()). */
export function bareAddressIn(text: string): IpAddress | undefined {
  return parseIpAddress(/^[^-/]*/.exec(text)?.[0] ?? '')
}

/** Of IPv6: ff02:: and the like, whatever the flags. */
export function isLinkLocalMulticast(address: string): boolean {
  return /^ff[0-9a-f]2:/i.test(address)
}

export type ReadAddress = AddressConfig & { family: 4 | 6 }

/**
 * A line of virtual_ipaddress: `ADDRESS[/LENGTH] [brd ADDRESS|+|-] [dev NAME] [scope SCOPE] [label NAME] [peer ADDRESS] …`, the
 * address first (2.2.7, alloc_ipaddress()). undefined where keepalived leaves the address out.
 */
export function addressOf({ words }: Statement, report: Report): ReadAddress | undefined {
  const [first] = words
  if (first === undefined) return undefined
  const [bare = '', length] = splitAt(first.text, '/')
  const parsed = parseIpAddress(bare)
  if (parsed === undefined) {
    report(
      first.at,
      `${first.text} is not an IP address, so keepalived leaves it out; write an address first on its line`,
    )
    return undefined
  }
  const longest = parsed.family === 4 ? 32 : 128
  if (length !== undefined && unsignedIn(length, 0, longest) === undefined)
    report(first.at, `the prefix length of ${first.text} is not within 0-${longest}, so keepalived takes ${longest}`)
  const isLength = length !== undefined && unsignedIn(length, 0, longest) !== undefined
  const options = optionsOf(first, words.slice(1), report)
  if (options === undefined) return undefined
  if (!areOptionsValid(parsed.family, isLength ? Number(length) : longest, first, options, report)) return undefined
  return {
    address: isLength ? first.text : `${bare}/${longest}`,
    family: parsed.family,
    dev: options.get('dev')?.text,
    label: options.get('label')?.text,
    scope: options.get('scope')?.text,
    at: first.at,
  }
}

/** By keyword; undefined where one has no value, or dev is there twice: the address is left out. */
function optionsOf(address: Word, words: readonly Word[], report: Report): Map<string, Word> | undefined {
  const options = new Map<string, Word>()
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]
    if (word === undefined) break
    if (!WITH_VALUE.has(word.text)) {
      if (FLAGS.has(word.text)) options.set(word.text, word)
      else report(word.at, `keepalived knows no "${word.text}" behind an address; take it away`)
      continue
    }
    index += 1
    const value = words[index]
    const key = word.text === 'broadcast' ? 'brd' : word.text
    if (value === undefined) {
      report(
        word.at,
        `${word.text} of ${address.text} has no value, so keepalived leaves the address out; write one behind it`,
      )
      return undefined
    }
    if (key === 'dev' && options.has('dev')) {
      report(word.at, `${address.text} has dev twice, so keepalived leaves it out; take one away`)
      return undefined
    }
    options.set(key, value)
  }
  return options
}

function areOptionsValid(
  family: 4 | 6,
  length: number,
  address: Word,
  options: ReadonlyMap<string, Word>,
  report: Report,
): boolean {
  const brd = options.get('brd')
  const label = options.get('label')
  const peer = options.get('peer')
  const scope = options.get('scope')
  if (brd !== undefined && family === 6) {
    report(brd.at, `IPv6 has no broadcast, so keepalived leaves ${address.text} out; take brd away`)
    return false
  }
  if (brd !== undefined && brd.text !== '+' && brd.text !== '-' && parseIpAddress(brd.text)?.family !== 4) {
    report(
      brd.at,
      `brd ${brd.text} is not an IPv4 address, so keepalived leaves ${address.text} out; write one, or + or -`,
    )
    return false
  }
  if (label !== undefined && label.text.length > LONGEST_NAME) {
    report(
      label.at,
      `label ${label.text} is longer than ${LONGEST_NAME}, so keepalived leaves ${address.text} out; shorten it`,
    )
    return false
  }
  const lifetime = options.get('preferred_lft')
  if (lifetime !== undefined && lifetime.text !== 'forever' && unsignedIn(lifetime.text, 0, 2 ** 32 - 1) === undefined)
    report(lifetime.at, `preferred_lft ${lifetime.text} is neither seconds nor forever`)
  if (peer !== undefined) {
    if (parseIpAddress(peer.text)?.family !== family)
      report(peer.at, `peer ${peer.text} is not an IPv${family} address as ${address.text} is`)
    else if (length !== (family === 4 ? 32 : 128))
      report(address.at, `${address.text} has a prefix length and a peer; take one away`)
    else if (brd !== undefined) report(brd.at, `${address.text} has a broadcast and a peer; take one away`)
  } else if ((brd?.text === '+' || brd?.text === '-') && length > 30)
    report(brd.at, `${address.text} is too small a network for a broadcast; write its prefix length, or take brd away`)
  if (scope !== undefined && !SCOPES.has(scope.text) && !isSmallNumber(scope.text))
    report(scope.at, `keepalived knows no scope ${scope.text}; write global, site, link, host or a number`)
  if (family === 6 && scope !== undefined && scope.text !== 'global' && scope.text !== '0')
    report(scope.at, `an IPv6 address such as ${address.text} has no scope of its own; take it away`)
  if (family === 6 && label !== undefined)
    report(label.at, `an IPv6 address such as ${address.text} has no label; take it away`)
  return true
}

/** As C writes it: 0x5, 05, 5 (find_entry()). */
function isSmallNumber(text: string): boolean {
  const number = /^0[0-7]*$/.test(text)
    ? Number.parseInt(text, 8)
    : /^(?:0[xX][0-9A-Fa-f]+|[1-9]\d*)$/.test(text)
      ? Number(text)
      : 256
  return number <= 255
}

function splitAt(text: string, separator: string): [string, string | undefined] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}
