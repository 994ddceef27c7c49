/**
 * What of a check is shell, to be looked at line by line: the script, or what `sh -c` is given, without comments, with lines that go on
 * joined, and with variables that are set to a plain value replaced by it. undefined: keepalived runs a program, and no shell.
 */
export function shellOf(command: string, scriptText: string | undefined): string | undefined {
  const text = scriptText ?? OF_A_SHELL.exec(command)?.[2]
  if (text === undefined) return undefined
  return expanded(text.replace(/\\\n/g, ' ').replace(/^\s*#.*$/gm, ''))
}

const OF_A_SHELL = /(?:^|[\s/])(?:ba|da|k|z)?sh\s+(?:-\w+\s+)*-\w*c\s+(['"])([\s\S]*)\1/

function expanded(text: string): string {
  const plain = text.matchAll(/^\s*(?:export\s+|readonly\s+|local\s+)?([A-Za-z_]\w*)=(["']?)([^\s"';$`]+)\2/gm)
  const values = new Map([...plain].map(([, name = '', , value = '']) => [name, value]))
  return text.replace(
    /\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))/g,
    (whole, braced, bare) => values.get(braced ?? bare) ?? whole,
  )
}

/** Of `addresses` one that the check asks for an answer, without having seen before that it is on this node. */
export function askedWithoutLooking(text: string, addresses: readonly string[]): string | undefined {
  // A name in a header is not where the question goes.
  const said = text.replace(/(?:-H|--header)[ =]?(?:"[^"]*"|'[^']*'|\S+)/g, '').replaceAll('\\.', '.')
  return addresses.find((address) => {
    const it = `(?<![\\w.:])\\[?${literal(address)}(?![\\w.])`
    const asks = new RegExp(`(?:${ASKS}\\b[^\\n;|&]*?|/dev/tcp/|https?://|connect\\(\\(["'])${it}`).exec(said)
    const looks = new RegExp(`(?:${LOOKS})[^\\n]*?${it}`).exec(said)
    return asks !== null && (looks === null || looks.index > asks.index)
  })
}

/** An address as a part of a regular expression. */
function literal(address: string): string {
  return address.replaceAll('.', '\\.')
}

const ASKS = '\\b(?:curl|wget|httpie|openssl\\s+s_client|nc|ncat|netcat|nmap|socat|telnet|ping6?)'
const LOOKS = '\\bip\\s+(?:-\\S+\\s+)*a(?:ddr(?:ess)?)?\\b|\\bhostname\\s+-I\\b|\\bifconfig\\b'

/** `host`: an address, or localhost. */
export type Asked = { host: string; port: number }

/** Where on this node, or at one of `addresses`, the check asks. */
export function askedHere(text: string, addresses: readonly string[]): Asked[] {
  const host = ['localhost', '127\\.\\d+\\.\\d+\\.\\d+', '::1', ...addresses.map((one) => literal(one))].join('|')
  const forms = [
    `(?<scheme>https?)://\\[?(?<host>${host})\\]?(?::(?<port>\\d+)|(?=[/?#\\s"';&|)]|$))`,
    `/dev/tcp/(?<host>${host})/(?<port>\\d+)`,
    `\\b(?:nc|ncat|netcat|telnet)\\b[^\\n;|&]*?\\s(?<host>${host})\\s+(?<port>\\d+)`,
    `-connect\\s+\\[?(?<host>${host})\\]?:(?<port>\\d+)`,
  ]
  const found = forms
    .flatMap((form) => [...text.matchAll(new RegExp(form, 'g'))])
    .map(({ groups }) => ({
      host: groups?.['host'] ?? '',
      port: Number(groups?.['port'] ?? (groups?.['scheme'] === 'http' ? 80 : 443)),
    }))
  return found.filter((one, at) => found.findIndex(({ host, port }) => host === one.host && port === one.port) === at)
}

/**
 * Whether the exit status, which is all that keepalived asks for, says what the check has seen. `always well`: it is 0 whatever
 * that was; `of a restart`: it is that of the HAProxy that the check has started again.
 */
export type ExitStatus = 'as seen' | 'always well' | 'of a restart'

const ENDS_WELL = /(?:\|\|\s*(?:true|:|exit\s+0|(?:\/usr)?\/bin\/true)|(?:^|[;\n])\s*(?:exit\s+0|true|:))\s*;?\s*$/
/** `exit` alone ends with the status of the command before it. */
const MAY_FAIL = /\bexit\s+(?!0\b)\S|\bexit\s*(?:[;}\n]|$)|\bset\s+-\w*e|\bexec\b|\bfalse\b/
const ENDS_WITH_RESTART =
  /(?:\bsystemctl\s+(?:-\S+\s+)*(?:re)?start\s+haproxy|\bservice\s+haproxy\s+(?:re)?start|\/init\.d\/haproxy\s+(?:re)?start)\S*(?:\s*[;\n]\s*(?:fi|done|\}))*\s*;?\s*$/

export function exitStatusOf(shell: string | undefined): ExitStatus {
  if (shell === undefined) return 'as seen'
  const text = shell.trim()
  if (ENDS_WELL.test(text) && !MAY_FAIL.test(text)) return 'always well'
  return ENDS_WITH_RESTART.test(text) ? 'of a restart' : 'as seen'
}
