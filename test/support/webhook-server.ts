// A receiver of webhooks in a lab's namespace: one port per way of answering; every request becomes a line of the file.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

export type Received = { port: number; headers: Record<string, string>; body: Record<string, unknown>; status: number }

/** `never`: takes the request and is silent. `retry`: refuses each document once. */
export type Ports = Readonly<Record<'good' | 'never' | 'retry', number>>

const [options = '{}'] = process.argv.slice(2)
const { file, ports } = JSON.parse(options) as { file: string; ports: Ports }
const refused = new Set<unknown>()

for (const [name, port] of Object.entries(ports)) {
  await new Promise<void>((resolve) => {
    createServer(async (request, response) => {
      const body = JSON.parse(await text(request)) as Record<string, unknown>
      const again = name === 'retry' && !refused.has(body['id'])
      if (again) refused.add(body['id'])
      const status = name === 'never' ? 0 : again ? 500 : 200
      appendFileSync(file, `${JSON.stringify({ port, headers: request.headers, body, status })}\n`)
      if (status !== 0) response.writeHead(status).end('{}')
    }).listen(port, '127.0.0.1', resolve)
  })
}
console.log('ready')
process.stdin.on('end', () => process.exit(0)).resume()
