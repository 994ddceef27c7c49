import type { HttpCheck, Line, ProxyCheck } from './config.ts'

/** Options that choose what a server is asked, but for those that have a kind of their own. */
const OTHERS = ['smtpchk', 'mysql-check', 'pgsql-check', 'redis-check', 'ldap-check', 'spop-check', 'external-check']

/** What servers of a proxy are asked. `lines`: those of its defaults section, and then its own; the last option counts. */
export function readProxyCheck(lines: readonly Line[]): ProxyCheck {
  let check: ProxyCheck = { kind: 'connect', at: undefined }
  for (const line of lines) check = optionOf(line) ?? check
  if (check.kind === 'http') return withRules(check, lines)
  const rules = lines.filter(
    ({ words }) => words[0] === 'tcp-check' && /^(?:send|send-binary|expect|send-lf)$/.test(words[1] ?? ''),
  )
  return check.kind === 'connect' && check.at !== undefined && rules.length > 0
    ? { kind: 'tcp-rules', at: check.at, rules }
    : check
}

function optionOf({ words, at }: Line): ProxyCheck | undefined {
  const [keyword, option = '', ...rest] = words
  if (keyword === 'no' && words[1] === 'option' && /chk$|-check$/.test(words[2] ?? ''))
    return { kind: 'connect', at: undefined }
  if (keyword !== 'option') return undefined
  if (option === 'tcp-check') return { kind: 'connect', at }
  if (option === 'ssl-hello-chk') return { kind: 'ssl-hello', at }
  if (option === 'httpchk') return httpCheckOf(rest, at)
  return OTHERS.includes(option) ? { kind: 'other', at, option } : undefined
}

/** `option httpchk [METHOD] [URI [VERSION]]`, where headers may follow the version as one word with `\r\n`. */
function httpCheckOf(words: readonly string[], at: Line['at']): HttpCheck {
  const [method, path, version] = words.length === 1 ? [undefined, words[0], undefined] : words
  return {
    kind: 'http',
    at,
    method: method ?? 'OPTIONS',
    path: path ?? '/',
    version: /^\S+/.exec(version ?? '')?.[0] ?? 'HTTP/1.0',
    host: hostIn((version ?? '').split(/\r?\n|\\r\\n/)),
    expect: undefined,
    ssl: false,
  }
}

function hostIn(headers: readonly string[]): string | undefined {
  return headers.flatMap((header) => /^host:\s*(.+)$/i.exec(header)?.[1]?.trim() ?? [])[0]
}

function withRules(check: HttpCheck, lines: readonly Line[]): HttpCheck {
  let result = check
  for (const { words, at } of lines) {
    if (words[0] !== 'http-check') continue
    if (words[1] === 'send') result = withSend(result, words.slice(2))
    if (words[1] === 'expect') result = { ...result, expect: expectOf(words.slice(2), at) ?? result.expect }
    if (words[1] === 'connect') result = { ...result, ssl: words.includes('ssl') }
  }
  return result
}

function withSend(check: HttpCheck, words: readonly string[]): HttpCheck {
  const after = (name: string) => {
    const index = words.indexOf(name)
    return index === -1 ? undefined : words[index + 1]
  }
  const hosts = words.flatMap((word, index) =>
    word === 'hdr' && /^host$/i.test(words[index + 1] ?? '') ? [words[index + 2]] : [],
  )
  return {
    ...check,
    method: after('meth') ?? check.method,
    path: after('uri') ?? after('uri-lf') ?? check.path,
    version: after('ver') ?? check.version,
    host: hosts[0] ?? check.host,
  }
}

/** `http-check expect [options] [!] status 200`. */
function expectOf(words: readonly string[], at: Line['at']): HttpCheck['expect'] {
  const index = words.findIndex((word) => /^(?:status|rstatus|string|rstring|hdr|fhdr|string-lf)$/.test(word))
  const match = words[index]
  return match === undefined
    ? undefined
    : { negated: words[index - 1] === '!', match, pattern: words[index + 1] ?? '', at }
}
