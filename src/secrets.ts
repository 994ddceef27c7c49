/** What stands in the place of a secret. */
const HIDDEN = '…'

/** Shorter ones are words or numbers, which would be missing all over the log. */
export const SHORTEST_KNOWN = 6
const MOST_KNOWN = 200

// Every repetition has an end, so that a hostile text cannot make a line of log slow.
const WORD = '[^\\s"\'<>⏎]'
const QUOTED_OR_WORD = '(?:"[^"\\n⏎]{1,1000}"?|(?:\\\\.|[^\\s"\\\\]){1,1000})'
const SECRET_NAME =
  '[\\w-]{0,30}(?:password|passwd|passphrase|secret|(?:api|access|private|signing|encryption)[_-]?key)[\\w-]{0,30}'
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,8000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/gs, HIDDEN],
  // https://user:password@host, https://token@host; a password may hold any of /?#@ where somebody forgot to escape it.
  [new RegExp(`(\\bhttps?://)${WORD}{1,1000}@`, 'gi'), `$1${HIDDEN}@`],
  // Elsewhere the user alone is no secret: ssh://git@git.lan. Redis has none: redis://:password@host.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>:@/]{0,200}):[^\s"'<>@]{1,1000}@/gi, `$1:${HIDDEN}@`],
  [
    /(\b(?:proxy-)?authorization["']?\s{0,5}[=:]\s{0,5}["']?)(?:(?:basic|bearer|negotiate|token)\s{1,5})?[^\s"',;]{1,4000}/gi,
    `$1${HIDDEN}`,
  ],
  [/(\bbearer\s{1,5})[a-z0-9._~+/=-]{8,4000}/gi, `$1${HIDDEN}`],
  [/(\b(?:set-)?cookie["']?\s{0,5}:\s{0,5}["']?)[^"'⏎\n]{1,4000}/gi, `$1${HIDDEN}`],
  // keepalived.conf
  [/(\bauth_(?:pass|data)\b["']?[\s=:]{1,5}["']?)[^\s"']{1,200}/gi, `$1${HIDDEN}`],
  // haproxy.cfg: `stats auth ada:x`, `user ada password $5$…`, `http-request set-header Authorization "Basic x"`
  [/(\bstats\s{1,5}auth\s{1,5}["']?[^\s:"']{0,200}:)[^\s"']{1,1000}/gi, `$1${HIDDEN}`],
  // A check that logs in to Redis: `tcp-check send AUTH\ x\r\n`
  [/(\btcp-check\s{1,5}send(?:-lf)?\s{1,5}["']?AUTH(?:\\?\s){1,5})[^\n]{1,1000}/gi, `$1${HIDDEN}`],
  [/(\b(?:insecure-password|user\s{1,5}\S{1,100}\s{1,5}password)\s{1,5}["']?)[^\s"']{1,1000}/gi, `$1${HIDDEN}`],
  [/\$(?:1|2[abxy]|5|6|y|gy|7|argon2\w{1,2})\$[\w./$,=+-]{5,300}/g, HIDDEN],
  [
    new RegExp(
      `(\\b(?:(?:set|add|replace)-header|hdr)\\s{1,5}["']?[\\w-]{0,40}(?:authorization|cookie|token|secret|key|auth)["']?\\s{1,5})${QUOTED_OR_WORD}`,
      'gi',
    ),
    `$1${HIDDEN}`,
  ],
  [new RegExp(`(\\b(?:pre)?setenv\\s{1,5}["']?${SECRET_NAME}["']?\\s{1,5})${QUOTED_OR_WORD}`, 'gi'), `$1${HIDDEN}`],
  // X-Api-Key: x, X-Auth-Token x; a word of a sentence about the header stays.
  [
    /(\bx-[\w-]{0,30}(?:key|token|secret|auth|signature)["']?[\s=:]{1,5}["']?)(?!(?:is|are|was|has|of|in|on|for|and|or|not|no|with|header|missing|from|to)\b)[^\s"',;]{1,1000}/gi,
    `$1${HIDDEN}`,
  ],
  // Names of settings and variables: DB_PASSWORD=x, AWS_SECRET_ACCESS_KEY=x, MYSQL_PWD=x.
  [new RegExp(`(\\b${SECRET_NAME}["']?\\s{0,5}[=:]\\s{0,5}["']?)[^\\s"'&,;]{1,1000}`, 'gi'), `$1${HIDDEN}`],
  [/(\b\w{1,30}_(?:pwd|pass|pw)=["']?)[^\s"'&,;]{1,1000}/gi, `$1${HIDDEN}`],
  // Arguments, as a shell with `set -x` shows them: --token x, curl -u ada:x
  [/(\s--[\w-]{0,30}(?:password|passwd|token|secret|api-?key)[\s=]{1,5}["']?)[^\s"']{1,1000}/gi, `$1${HIDDEN}`],
  [/(\s(?:-u|--user|--proxy-user)[\s=]{0,5}["']?[^\s:"']{1,200}:)[^\s"']{1,1000}/g, `$1${HIDDEN}`],
  // `token: x` is what parsers say of an unexpected word, so a blank makes it none.
  [/(\b[\w-]{0,30}token(?:=|["']:\s{0,5})["']?)[^\s"'&,;]{1,4000}/gi, `$1${HIDDEN}`],
  [/([?&](?:key|sig|signature|code|auth|access_key|x-amz-[a-z-]{1,30})=)[^\s"'&]{1,1000}/gi, `$1${HIDDEN}`],
  // GitHub, GitLab and Slack mark their tokens; a JSON Web Token begins with `{"` in base64.
  [/\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-)[\w-]{10,300}/g, HIDDEN],
  [/\beyJ[\w-]{5,2000}\.[\w-]{5,4000}\.[\w-]{0,1000}/g, HIDDEN],
]

const SECRET_FIELD =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|auth_(?:pass|data)|.{0,30}(?:password|passwd|passphrase|secret|token|api[_-]?key))$/i

export type Secrets = {
  /** Values that no text shows from now on. Ones of fewer than 6 characters are taken for words, and the newest 200 are kept. */
  know(values: readonly string[]): void
  /** The text without the values that are known, and without what has the form of a credential (see `hideCredentials`). */
  hide(text: string): string
}

/** The secrets that this process has come to know: contents of secret files, paths and queries of webhooks. */
export function createSecrets(): Secrets {
  const known = new Set<string>()
  return {
    know: (values) => {
      for (const value of values.flatMap(withItsParts)) {
        if (value.length < SHORTEST_KNOWN) continue
        known.delete(value)
        known.add(value)
      }
      for (const oldest of known) {
        if (known.size <= MOST_KNOWN) break
        known.delete(oldest)
      }
    },
    hide: (text) => hideCredentials(hideValues(text, [...known])),
  }
}

/**
 * A text without what looks like a credential: in URLs, headers, settings of HAProxy and keepalived, variables and arguments
 * of programs, or by its own form. A password that stands alone, or is written in another way, looks like any word: only
 * `know` hides it.
 */
export function hideCredentials(text: string): string {
  return PATTERNS.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), text)
}

/** A text without these values, the longest first: one may be a part of another. */
export function hideValues(text: string, values: readonly string[]): string {
  return values
    .filter((value) => value.length > 1)
    .toSorted((a, b) => b.length - a.length)
    .reduce((kept, value) => kept.replaceAll(value, HIDDEN), text)
}

/** True for a field whose whole value is a secret, whatever is in it. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name)
}

/** Of `Bearer abc…` another program may show the second word alone. */
function withItsParts(value: string): string[] {
  const [, word] = /^\S{1,20} (\S+)$/.exec(value) ?? []
  return word === undefined ? [value] : [value, word]
}
