import { http } from './http.ts'

const MAX_ANSWER_BYTES = 4 * 1024 * 1024

export type PeerAnswer = { kind: 'answer'; value: unknown } | { kind: 'silent'; reason: string }

/** What the agent at `host` says of itself (`GET /api/v1/status`). Never throws. */
export function askPeer(host: string, port: number, withinMs: number): Promise<PeerAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: PeerAnswer): void => {
      clearTimeout(deadline)
      resolve(answer)
    }
    const deadline = setTimeout(() => {
      settle({ kind: 'silent', reason: `no answer within ${withinMs} ms` })
      question.destroy()
    }, withinMs)
    const question = http.get({ host, port, path: '/api/v1/status', agent: false }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) question.destroy(new Error('its answer is too long'))
        else chunks.push(chunk)
      })
      response.on('end', () => settle(parse(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))))
    })
    question.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ECONNREFUSED' ? `nobody listens on port ${port}` : error.message
      settle({ kind: 'silent', reason })
    })
    question.on('close', () => settle({ kind: 'silent', reason: 'it hung up' }))
  })
}

function parse(status: number, text: string): PeerAnswer {
  if (status !== 200) return { kind: 'silent', reason: `it answered with status ${status}` }
  try {
    return { kind: 'answer', value: JSON.parse(text) }
  } catch {
    return { kind: 'silent', reason: 'its answer is no JSON' }
  }
}
