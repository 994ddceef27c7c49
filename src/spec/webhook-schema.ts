import * as z from 'zod'
import { choice, duration, integer, section, text } from './fields.ts'

const URL_FORMS =
  'a webhook URL is https://... or http://... without user name and password; put a secret into a header: { file: /path }'

/** Kept as it is written, never shown: a path or query can be a secret of its own. */
const webhookUrl = z.string({ error: URL_FORMS }).transform((written, context) => {
  const url = URL.canParse(written) ? new URL(written) : undefined
  const isGood = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (isGood) return written
  context.addIssue({ code: 'custom', message: `is not usable; ${URL_FORMS}`, params: { unshown: true } })
  return z.NEVER
})

const HEADER_NAME =
  'a header name is letters, digits and "-", and not Host, Connection, Content-Length, Content-Type or Transfer-Encoding'
const headerName = text(
  /^(?!(?:host|content-length|content-type|transfer-encoding|connection|constructor|prototype)$)[A-Za-z][A-Za-z0-9-]{0,62}$/i,
  HEADER_NAME,
)

const HEADER_VALUE = 'a header value is printable ASCII, or { file: /path } for a file that holds it'
const filePath = text(/^\/[\x21-\x7e]{1,200}$/, 'file is the absolute path of a file that holds the value').meta({
  title: 'File',
  description: 'A file that holds the value; it is read anew for every event.',
})
const plainValue = z.string().transform((written, context) => {
  if (/^[\x20-\x7e]{0,2000}$/.test(written)) return written
  // It may be a secret with a line break at its end.
  context.addIssue({ code: 'custom', message: `is not usable; ${HEADER_VALUE}`, params: { unshown: true } })
  return z.NEVER
})
const headerValue = z.union([plainValue, z.strictObject({ file: filePath })], { error: () => HEADER_VALUE })

export const webhookSchema = section('a webhook', {
  url: webhookUrl.meta({ title: 'URL', description: 'Where the JSON document is POSTed to.' }),
  headers: z
    .record(headerName, headerValue, { error: 'headers is a mapping of names' })
    .default({})
    .meta({ title: 'Headers', description: 'More headers: a value, or { file: /path } for a secret.' }),
  on: z
    .array(choice('an event', ['move', 'rejected']), { error: 'on is a list of move and rejected' })
    .min(1, { error: 'on is a list of move and rejected' })
    .default(['move', 'rejected'])
    .meta({
      title: 'On',
      description: 'move: this node took or gave up a VIP. rejected: a revision was rejected here.',
    }),
  timeout: duration('timeout', 100, 60_000)
    .prefault('5s')
    .meta({ title: 'Timeout', description: 'An answer that takes longer is a failure.' }),
  retries: integer('retries', 0, 20)
    .default(5)
    .meta({ title: 'Retries', description: 'More tries after a failure, with a growing delay of at most 30s.' }),
})
