import { createHash, timingSafeEqual } from 'node:crypto'
import { readSecret } from '../secret-file.ts'
import type { HttpAuth } from '../spec/agent-config.ts'

/** Who may read. */
export type Access = {
  /** Whether a request with this `Authorization` may. */
  allows(authorization: string | undefined): boolean
  /** What a client is told to send (`WWW-Authenticate`, RFC 9110 §11.6.1). */
  challenges: readonly string[]
}

/**
 * Everybody, when `auth` is undefined. Otherwise whoever sends what the files hold at that moment; a file that cannot be read
 * opens nothing. `onTrouble` hears of such a file, and of `undefined` once all can be read again; `onSecrets` of what no
 * log may show.
 */
export function createAccess(
  auth: HttpAuth | undefined,
  { onSecrets, onTrouble }: { onSecrets(values: readonly string[]): void; onTrouble(reason: string | undefined): void },
): Access {
  if (auth === undefined) return { allows: () => true, challenges: [] }
  const { basic, bearer } = auth
  const expected = (): string[] => {
    const secrets: string[] = []
    let trouble: string | undefined
    const read = (scheme: string, what: string, file: string, write: (secret: string) => string): void => {
      try {
        const secret = readSecret(what, file)
        onSecrets([secret])
        secrets.push(`${scheme} ${write(secret)}`)
      } catch (error) {
        const { message } = error as Error
        trouble = message.startsWith(what) ? message : `${what}: ${message}`
      }
    }
    if (basic !== undefined)
      read('basic', 'http.auth.basic.password', basic.password.file, (password) => `${basic.user}:${password}`)
    if (bearer !== undefined) read('bearer', 'http.auth.bearer', bearer.file, (token) => token)
    onTrouble(trouble)
    return secrets
  }
  // Told at the start, not when somebody is first refused.
  expected()
  return {
    allows: (authorization) => {
      const sent = credentialsOf(authorization ?? '')
      // All are compared, so that the time tells nothing.
      return expected().reduce((isGood, secret) => isSame(sent, secret) || isGood, false)
    },
    challenges: [
      ...(basic === undefined ? [] : ['Basic realm="lb-agent", charset="UTF-8"']),
      ...(bearer === undefined ? [] : ['Bearer realm="lb-agent"']),
    ],
  }
}

/** `scheme credentials` with the scheme in lower case; those of Basic decoded (RFC 7617). */
function credentialsOf(authorization: string): string {
  const [, scheme = '', credentials = ''] = /^([A-Za-z]+) +([\x21-\x7e]+) *$/.exec(authorization) ?? []
  if (scheme.toLowerCase() !== 'basic') return `${scheme.toLowerCase()} ${credentials}`
  return `basic ${Buffer.from(credentials, 'base64').toString('utf8')}`
}

/** In a time that depends on neither. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
