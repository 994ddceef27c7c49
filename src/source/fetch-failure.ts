import { cleanText } from '../clean-text.ts'
import { describeFailure, type ExecResult } from '../exec.ts'
import { type Address, redact } from './address.ts'

// What git 2.39, OpenSSH 9.2 and libcurl 7.88 write. The first that matches is the cause.
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'the host key of the server is not the one in known_hosts; nothing was sent. Ask who changed it before you replace the entry',
  ],
  [
    /host key is known for|Host key verification failed/,
    'the host key of the server is unknown; add it to known_hosts (ssh-keyscan, then compare the fingerprint)',
  ],
  [/Could not resolve host/i, 'the name of the server does not resolve (DNS)'],
  [/Connection refused|Failed to connect to .*(?:Couldn't|Could not) connect/i, 'the server refuses the connection'],
  [/No route to host|Network is unreachable/i, 'there is no route to the server'],
  [/Connection timed out|Operation timed out|Operation too slow|Timeout was reached/i, 'the server does not answer'],
  [
    /Permission denied \(|Authentication failed|could not read (?:Username|Password)|HTTP Basic: Access denied|returned error: 40[13]/,
    'the server refuses our credentials (authentication failed)',
  ],
  [
    /SSL certificate problem|certificate verification failed|SSL: no alternative certificate|server certificate/i,
    'the TLS certificate of the server is not valid',
  ],
  [
    /returned error: 30\d|unable to update url base from redirection/,
    'the server redirects to another address; redirects are not followed, so write the final address',
  ],
  [
    /does not appear to be a git repository|repository '.*' not found|Repository not found|project you were looking for could not be found|returned error: 404/i,
    'there is no git repository at this address, or we may not see it',
  ],
  [/detected dubious ownership/, 'the repository belongs to another user'],
  [/transport '.*' not allowed/, 'the transport is not allowed'],
  [/No space left on device|Disk quota exceeded/, 'the disk of this node is full'],
  [
    /fsck error in packed object|fsck error in pack objects/,
    'it holds an object that git refuses (transfer.fsckObjects)',
  ],
]

/**
 * Why a git command that talks to the remote failed, as one sentence for an operator: `git fetch from ssh://…: the
 * server refuses the connection`. Undefined when the cause may also lie in our own mirror.
 */
export function explainRemoteFailure(result: ExecResult, address: Address): string | undefined {
  switch (result.kind) {
    case 'timeout':
      return failureSentence(`no answer within ${result.timeoutMs / 1000} s`, address)
    case 'aborted':
    case 'unstartable':
    case 'missing':
    case 'flooded':
      return failureSentence(describeFailure(result), address)
    case 'exited':
    case 'signaled': {
      const cause = CAUSES.find(([pattern]) => pattern.test(result.stderr))
      return cause === undefined ? undefined : failureSentence(cause[1], address)
    }
    default:
      return result satisfies never
  }
}

/** The same for a cause we have no words for: git's own. */
export function quoteFailure(result: ExecResult, address: Address): string {
  return failureSentence(describeFailure(result), address)
}

/** True when the remote answered that it has no such branch. */
export function isMissingBranch(result: ExecResult): boolean {
  return result.kind === 'exited' && /couldn't find remote ref/.test(result.stderr)
}

function failureSentence(cause: string, address: Address): string {
  return `git fetch from ${cleanText(address.display)}: ${cleanText(redact(cause, address), 400)}`
}
