import * as z from 'zod'
import { parseIpAddress } from './address.ts'
import { hostName, section, text } from './fields.ts'

const LISTEN = 'listen is an address and a port, such as 127.0.0.1:9853 or [::1]:9853'
const listen = text(/^(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]):[1-9]\d{0,4}$/, LISTEN).transform((written, context) => {
  const colon = written.lastIndexOf(':')
  const host = parseIpAddress(written.slice(0, colon).replace(/^\[|\]$/g, ''))?.text
  const port = Number(written.slice(colon + 1))
  if (host !== undefined && port <= 65535) return { host, port }
  context.addIssue({ code: 'custom', message: LISTEN })
  return z.NEVER
})

/** A path that only the agent itself opens. */
function path(what: string) {
  return text(/^\/[\x21-\x7e]{1,200}$/, `${what} is the absolute path of a file`)
}

function secretFile(what: string, description: string) {
  const form = `${what} is { file: /path }, a file that holds it in one line`
  return z.strictObject({ file: path('file').meta({ title: 'File', description }) }, { error: form })
}

const basic = section('basic', {
  user: text(/^[\x21-\x39\x3b-\x7e]{1,64}$/, 'a user is 1-64 letters, digits and signs, without ":" and blanks').meta({
    title: 'User',
    description: 'The name that a browser asks for.',
  }),
  password: secretFile('password', 'A file that holds the password; read anew for every request.').meta({
    title: 'Password',
    description: 'Where the password is.',
  }),
})

const auth = section('auth', {
  basic: basic.optional().meta({ title: 'Basic', description: 'User and password, as browsers ask for them.' }),
  bearer: secretFile('bearer', 'A file that holds the token; read anew for every request.')
    .optional()
    .meta({ title: 'Bearer', description: 'A token, sent as "Authorization: Bearer TOKEN".' }),
}).refine(({ basic, bearer }) => basic !== undefined || bearer !== undefined, {
  error: 'auth is a mapping with basic, bearer or both',
})

const tls = section('tls', {
  certificate: path('certificate').meta({
    title: 'Certificate',
    description:
      'PEM file: the certificate and those between it and its authority. A renewed one is taken within a minute.',
  }),
  key: path('key').meta({ title: 'Key', description: 'PEM file: the private key of the certificate.' }),
  authority: path('authority').optional().meta({
    title: 'Authority',
    description:
      'PEM file: whose signature the certificates of the other nodes must have. Default: the certificate itself, for one that all nodes share.',
  }),
})

export const httpSchema = section('http', {
  listen: listen
    .prefault('127.0.0.1:9853')
    .meta({ title: 'Listen', description: 'Address and port of the page, /metrics and /api/v1/status.' }),
  names: z.array(hostName('a name of http')).max(20, 'at most 20 names').default([]).meta({
    title: 'Names',
    description: 'Names by which others call this server, such as lb1.lan; addresses and the hostname always work.',
  }),
  auth: auth.optional().meta({
    title: 'Auth',
    description: 'Who may read; the same on all nodes, because they ask each other. Default: whoever reaches the port.',
  }),
  tls: tls.optional().meta({ title: 'TLS', description: 'https instead of http; on all nodes or on none.' }),
})
