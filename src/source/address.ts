/** Where the repository is. `url` goes to git and carries no secret; `display` goes to people. */
export type Address = {
  kind: 'address'
  protocol: 'https' | 'ssh' | 'file'
  url: string
  display: string
  /** `Authorization` header made of the userinfo of an https URL: handed to git by environment, never by argument list. */
  authorization: { origin: string; header: string } | undefined
  /** Texts that must not appear in anything people see. */
  secrets: readonly string[]
}

export type RefusedAddress = { kind: 'refused'; reason: string }

// `git@git.lan:team/lb.git`; the path may not look like an option or like `ext::…`.
const SCP_LIKE = /^[\w.-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^-:\s][^\s]*$/

/**
 * Reads `repository.url`: `https://`, `ssh://`, `user@host:path`, `file:///` or an absolute path. Anything else (also
 * `http://`, `git://` and the `ext::` transport, which runs commands) is refused with a reason that hides userinfo.
 */
export function parseAddress(url: string): Address | RefusedAddress {
  if (/\p{Cc}|\s/u.test(url)) return refused(url)
  if (url.startsWith('/')) return plain('file', url)
  if (SCP_LIKE.test(url)) return plain('ssh', url)
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol === 'file:' && url.startsWith('file:///')) return plain('file', url)
  if (parsed?.protocol === 'ssh:' && isHost(parsed.hostname) && isPath(parsed.pathname)) return sshAddress(parsed)
  if (parsed?.protocol === 'https:' && isHost(parsed.hostname)) return httpsAddress(parsed)
  return refused(url)
}

/** Takes the secrets of `address` out of a text. */
export function redact(text: string, address: Address): string {
  return address.secrets.reduce((kept, secret) => kept.replaceAll(secret, '***'), text)
}

/** True for a branch name that git accepts and that cannot be read as an option or a refspec. */
export function isBranchName(branch: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9_./+@#=-]{0,199}$/.test(branch) &&
    !/\.\.|\/\/|\/\.|@\{|\.lock(\/|$)|[./]$/.test(branch) &&
    branch !== '@'
  )
}

function httpsAddress(parsed: URL): Address {
  const user = decode(parsed.username)
  const password = decode(parsed.password)
  const display = `https://${user === '' && password === '' ? '' : '***@'}${parsed.host}${parsed.pathname}`
  const url = `https://${parsed.host}${parsed.pathname}${parsed.search}`
  const search = parsed.search === '' ? [] : [parsed.search]
  if (user === '' && password === '')
    return { kind: 'address', protocol: 'https', url, display, authorization: undefined, secrets: search }
  const basic = Buffer.from(`${user}:${password}`).toString('base64')
  return {
    kind: 'address',
    protocol: 'https',
    url,
    display,
    authorization: { origin: parsed.origin, header: `Authorization: Basic ${basic}` },
    // Two letters of a user name would blank half of every sentence.
    secrets: [basic, password, parsed.password, user, parsed.username, ...search].filter((text) => text.length > 2),
  }
}

// ssh takes no password from a URL; one that is there by mistake is dropped. The user name ("git") is no secret.
function sshAddress(parsed: URL): Address {
  const user = parsed.username === '' ? '' : `${parsed.username}@`
  return plain('ssh', `ssh://${user}${parsed.host}${parsed.pathname}`)
}

function plain(protocol: 'ssh' | 'file', url: string): Address {
  return { kind: 'address', protocol, url, display: url, authorization: undefined, secrets: [] }
}

function refused(url: string): RefusedAddress {
  const shown = url
    .replace(/\/\/.*@/su, '//***@')
    .replace(/\?.*$/su, '')
    .replace(/\p{Cc}/gu, '?')
    .slice(0, 200)
  return {
    kind: 'refused',
    reason: `repository.url "${shown}" is not an address lb-agent fetches from; use https://…, ssh://…, user@host:path or file:///…`,
  }
}

function isHost(name: string): boolean {
  return name !== '' && !name.startsWith('-')
}

function isPath(path: string): boolean {
  return path.length > 1 && !path.startsWith('/-')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
