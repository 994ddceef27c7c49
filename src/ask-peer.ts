import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { http } from './http.ts'
import { readSecret } from './secret-file.ts'
import type { HttpAuth, HttpConfig, HttpTls } from './spec/agent-config.ts'

const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/** Another node of the cluster. */
export type Peer = { name: string; address: string }
export type PeerAnswer = { kind: 'answer'; value: unknown } | { kind: 'silent'; reason: string }

/** What the agent of a node says of itself (`GET /api/v1/status`), or why it does not. Never throws. */
export type AskPeer = (peer: Peer, withinMs: number) => Promise<PeerAnswer>

/** Agents ask each other as they let themselves be asked: same port, same credentials, https where this one has a certificate. */
export function createAskPeer(config: Pick<HttpConfig, 'port' | 'auth' | 'tls'>): AskPeer {
  return async (peer, withinMs) => {
    try {
      return await ask(peer, config, withinMs)
    } catch (error) {
      // A secret or an authority that cannot be read.
      return { kind: 'silent', reason: `it was not asked: ${(error as Error).message}` }
    }
  }
}

function ask(
  peer: Peer,
  { port, auth, tls }: Parameters<typeof createAskPeer>[0],
  withinMs: number,
): Promise<PeerAnswer> {
  const request = tls === undefined ? http.request : process.getBuiltinModule('node:https').request
  const options: RequestOptions = {
    host: peer.address,
    port,
    path: '/api/v1/status',
    agent: false,
    ...(auth === undefined ? {} : { headers: { authorization: authorizationOf(auth) } }),
    ...(tls === undefined ? {} : trust(peer, tls)),
  }
  return new Promise((resolve) => {
    const settle = (answer: PeerAnswer): void => {
      clearTimeout(deadline)
      resolve(answer)
    }
    const deadline = setTimeout(() => {
      settle({ kind: 'silent', reason: `no answer within ${withinMs} ms` })
      question.destroy()
    }, withinMs)
    const question = request(options, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) question.destroy(new Error('its answer is too long'))
        else chunks.push(chunk)
      })
      response.on('end', () => settle(parse(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'), auth)))
    })
    question.on('error', (error: NodeJS.ErrnoException) => {
      settle({ kind: 'silent', reason: whySilent(error, port) })
    })
    question.on('close', () => settle({ kind: 'silent', reason: 'it hung up' }))
    question.end()
  })
}

/** By token; by password where there is no token, or none that can be read. */
function authorizationOf({ basic, bearer }: HttpAuth): string {
  if (bearer !== undefined) {
    try {
      return `Bearer ${readSecret('http.auth.bearer', bearer.file)}`
    } catch (error) {
      if (basic === undefined) throw error
    }
  }
  if (basic === undefined) return ''
  const password = readSecret('http.auth.basic.password', basic.password.file)
  return `Basic ${Buffer.from(`${basic.user}:${password}`).toString('base64')}`
}

/** A node's certificate names its address or its name in lb.yaml. */
function trust({ name, address }: Peer, { authority }: HttpTls): RequestOptions {
  return {
    ca: readFileSync(authority, 'utf8'),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => {
      if (checkServerIdentity(name, certificate) === undefined) return undefined
      return (
        checkServerIdentity(address, certificate) && new Error(`its certificate names neither ${name} nor ${address}`)
      )
    },
  }
}

function whySilent({ code, message }: NodeJS.ErrnoException, port: number): string {
  if (code === 'ECONNREFUSED') return `nobody listens on port ${port}`
  // OpenSSL's names of what may be wrong, such as DEPTH_ZERO_SELF_SIGNED_CERT; Node adds advice for its own users.
  if (/CERT|SIGNATURE|ISSUER/.test(code ?? ''))
    return `its certificate is not trusted (http.tls.authority): ${message.split(';')[0]}`
  return message
}

function parse(status: number, text: string, auth: HttpAuth | undefined): PeerAnswer {
  if (status === 401) {
    const why = auth === undefined ? 'and this agent.yaml has none' : 'and not those of this agent.yaml'
    return { kind: 'silent', reason: `it wants credentials, ${why} (http.auth)` }
  }
  if (status !== 200) return { kind: 'silent', reason: `it answered with status ${status}` }
  try {
    return { kind: 'answer', value: JSON.parse(text) }
  } catch {
    return { kind: 'silent', reason: 'its answer is no JSON' }
  }
}
