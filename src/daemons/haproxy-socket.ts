import { connect } from 'node:net'

export type Answer = { kind: 'answer'; text: string } | { kind: 'unavailable'; reason: string }

const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/**
 * Sends one command to an HAProxy stats or master socket and returns all of its answer. Our half is closed after the
 * command: a stats socket ends by itself, the master socket would wait for more (management.txt §9.3, §9.4). Never
 * throws; a daemon that does not answer in time is `unavailable`.
 */
export function ask(socketPath: string, command: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const socket = connect(socketPath)
    const finish = (answer: Answer): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(
      () => finish({ kind: 'unavailable', reason: `no answer within ${timeoutMs} ms` }),
      timeoutMs,
    )
    socket.on('connect', () => socket.end(`${command}\n`))
    socket.on('data', (chunk) => {
      size += chunk.length
      if (size > MAX_ANSWER_BYTES) finish({ kind: 'unavailable', reason: 'the answer is too long' })
      else chunks.push(chunk)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ kind: 'unavailable', reason: describe(error) }))
    socket.on('end', () => finish({ kind: 'answer', text: Buffer.concat(chunks).toString('utf8') }))
  })
}

function describe(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'its socket does not exist'
    case 'ECONNREFUSED':
      return 'nobody listens on its socket'
    case 'EACCES':
      return 'no permission for its socket'
    default:
      return error.message
  }
}
