import { parse } from 'yaml'
import type { Draft, DraftNode, DraftPool, DraftService, DraftVip } from './draft.ts'
import type { LeftOutLines } from './left-out.ts'

const WIDTH = 120

/** Stands for what only a person knows. It is neither an address nor the name of a device, so `validate` names the place. */
export const MISSING = 'FILL ME IN'

/** The draft as a person would write it; a mapping that fits into a line stands in one. */
export function lbYamlText(draft: Draft, from: readonly string[], leftOut: LeftOutLines): string {
  return [
    '# yaml-language-server: $schema=./lb.schema.json',
    ...comment(`Made by lb-agent import from ${from.join(', ')}.`),
    ...listed('What lb-agent does itself:', leftOut.ownDoing),
    ...listed('Not carried over:', leftOut.lost),
    'version: 1',
    `cluster: ${scalar(draft.cluster)}`,
    '',
    ...draft.nodeComments.flatMap((sentence) => comment(sentence)),
    'nodes:',
    ...draft.nodes.flatMap(nodeLines),
    '',
    ...vrrpLines(draft),
    ...comment('The first healthy node of `prefer` holds the VIP.'),
    'vips:',
    ...draft.vips.flatMap((vip) => [...beside(vip), ...entry(2, vip.name, vipValue(vip))]),
    ...(draft.pools.length === 0
      ? []
      : ['', 'pools:', ...draft.pools.flatMap((pool) => [...beside(pool), ...entry(2, pool.name, poolValue(pool))])]),
    ...(draft.services.length === 0
      ? []
      : [
          '',
          'services:',
          ...draft.services.flatMap((service) => [
            ...beside(service),
            ...entry(2, service.name, serviceValue(service)),
          ]),
        ]),
    ...(Object.keys(draft.haproxy).length === 0 ? [] : ['', ...entry(0, 'haproxy', draft.haproxy)]),
    '',
  ].join('\n')
}

/**
 * The same text with something in each place that is to be filled in, so that the rest can be read and compared. Nobody has the
 * addresses (RFC 5737); `used` are those that were taken. What stands there is as long as what it replaces, so that every place stays where it is.
 */
export function withStandIns(text: string): { text: string; used: ReadonlySet<string> } {
  const free = Array.from({ length: 89 }, (_, index) => `192.0.2.${index + 11}`).filter((one) => !text.includes(one))
  const used = new Set<string>()
  const filled = text
    .replaceAll(`interface: "${MISSING}"`, 'interface: "fill-me-in"')
    .replaceAll(`: "${MISSING}"`, () => {
      const address = free.shift() ?? MISSING
      used.add(address)
      return `: "${address}"`
    })
  return { text: filled, used }
}

/** Where something is said of it, it is written, even if it is what lb-agent does anyway. */
function vrrpLines({ vrrp, vrrpComments }: Draft): string[] {
  if (vrrpComments.length === 0 && Object.keys(vrrp).length === 0) return []
  const value = Object.keys(vrrp).length > 0 ? vrrp : { transport: 'unicast', advertInterval: '100ms' }
  return [...vrrpComments.flatMap((sentence) => comment(sentence)), ...entry(0, 'vrrp', value), '']
}

function nodeLines(node: DraftNode): string[] {
  const missing = [
    ...(node.address === undefined ? ["the address is not in the files: put the node's own one"] : []),
    ...(node.interface === undefined ? ['the interface is not in the files: put the device that has the address'] : []),
  ]
  const value = { address: node.address ?? MISSING, interface: node.interface ?? MISSING }
  const [line = '', ...rest] = entry(2, node.name, value)
  return [...beside(node), missing.length === 0 ? line : `${line} # ${missing.join('; ')}`, ...rest]
}

function vipValue({ address, prefixLength, virtualRouterId, prefer, extraAddresses }: DraftVip): object {
  return {
    address: prefixLength === undefined ? address : `${address}/${prefixLength}`,
    virtualRouterId,
    prefer,
    ...(extraAddresses.length > 0 && { extraAddresses }),
  }
}

function poolValue({ servers }: DraftPool): object {
  return Object.fromEntries(
    servers.map(({ name, found: _, address = MISSING, ...more }) => [
      name,
      Object.keys(more).length === 0 ? address : { address, ...more },
    ]),
  )
}

function serviceValue({ name: _, comments: __, ...service }: DraftService): object {
  const { check, timeouts, ...rest } = service
  const [only] = Object.keys(check ?? {})
  const short = check && only === 'type' && Object.keys(check).length === 1 ? check.type : check
  return { ...rest, ...(check && { check: short }), ...(timeouts && { timeouts }) }
}

function beside({ comments }: { comments: readonly string[] }): string[] {
  return comments.flatMap((sentence) => comment(sentence, 2))
}

/** `key: { … }` where it fits, else one line for each key of it. */
function entry(indent: number, key: string, value: object): string[] {
  const blanks = ' '.repeat(indent)
  const line = `${blanks}${scalar(key)}: ${flow(value)}`
  if (line.length <= WIDTH) return [line]
  return [
    `${blanks}${scalar(key)}:`,
    ...Object.entries(value).flatMap(([name, inside]) =>
      typeof inside === 'object' && !Array.isArray(inside)
        ? entry(indent + 2, name, inside)
        : [`${blanks}  ${scalar(name)}: ${flow(inside)}`],
    ),
  ]
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? scalar(value) : String(value)
  return `{ ${Object.entries(value)
    .map(([key, inside]) => `${scalar(key)}: ${flow(inside)}`)
    .join(', ')} }`
}

/** Quoted where YAML would take it for something else than this text. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z0-9/][A-Za-z0-9_./-]*$/.test(text) && parse(text) === text
  return isPlain ? text : JSON.stringify(text)
}

function listed(title: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return []
  return ['#', ...comment(title), ...sentences.flatMap((sentence) => comment(sentence, 0, '  '))]
}

/** Wrapped; what a file says of itself cannot end the comment. */
function comment(sentence: string, indent = 0, inside = ''): string[] {
  const start = `${' '.repeat(indent)}# ${inside}`
  const lines: string[] = []
  let line = start
  for (const word of sentence.replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').split(' ')) {
    if (line !== start && line.length + word.length + 1 > WIDTH) {
      lines.push(line.trimEnd())
      line = `${start}${inside === '' ? '' : '  '}`
    }
    line += line.endsWith(' ') ? word : ` ${word}`
  }
  return [...lines, line.trimEnd()]
}
