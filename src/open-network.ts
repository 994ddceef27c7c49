import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { readAsset } from './assets.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Parts } from './parts.ts'
import { createAccess } from './serve/access.ts'
import { readCertificate } from './serve/certificate.ts'
import type { Live } from './serve/live.ts'
import { serveNetwork } from './serve/network.ts'
import { statusPage } from './serve/page.ts'
import { shared } from './shared.ts'
import type { Status } from './status.ts'

type Shown = { status(): Promise<Status>; metrics: Metrics; live: Live }

/**
 * Opens what the network may read: the page, its events, /metrics and the status. Undefined when that cannot be: the balancer
 * matters more than who may look at it.
 */
export async function openNetwork(parts: Parts, { status, metrics, live }: Shown): Promise<Server | undefined> {
  const { config, log, secrets, troubles } = parts
  const { tls, auth, names, ...where } = config.http
  const tell = (trouble: string, what: string) => (reason: string | undefined) => {
    if (reason === undefined) troubles.clear(trouble)
    else troubles.raise(trouble, `${what}: ${reason}`)
  }
  try {
    const page = statusPage(readAsset('dist/status-page.html'))
    return await serveNetwork({
      ...where,
      names: [...names, config.node, hostname()],
      access: createAccess(auth, {
        onSecrets: secrets.know,
        onTrouble: tell('http-auth', 'some who should may not read status and metrics: a secret cannot be read'),
      }),
      certificate: tls && readCertificate(tls),
      onCertificate: tell('http-tls', 'the certificate on the disk is of no use, the one before stays'),
      streams: { '/api/v1/events': live },
      onError: (error) => log.error({ reason: error.message }, 'an answer on the network failed'),
      routes: {
        '/': async () => page,
        '/metrics': shared(async () => ({
          contentType: metrics.contentType,
          body: Buffer.from(await metrics.scrape(parts, await status())),
        })),
        '/api/v1/status': shared(async () => ({
          contentType: 'application/json',
          body: Buffer.from(JSON.stringify(await status())),
        })),
      },
    })
  } catch (error) {
    const reason = (error as Error).message
    log.error({ about: 'network', ...where, reason }, 'status and metrics are not served on the network')
    troubles.raise(
      'http',
      `status and metrics are not served on the network: ${reason}; put it right and restart the agent`,
    )
    return undefined
  }
}
