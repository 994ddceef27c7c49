import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { loadUndici } from '../assets.ts'
import type { Secrets } from '../secrets.ts'
import type { WebhookConfig } from '../spec/agent-config.ts'
import { TOLD_MS, type Troubles } from '../troubles.ts'
import { createBoundedQueue } from './bounded-queue.ts'
import type { Notice } from './notice.ts'
import { headersOf, secretsOfUrl, shownUrl, withoutSecrets } from './secrets.ts'

export type Webhooks = {
  /** Takes a notice for every webhook that wants it; returns at once. */
  send(notice: Notice): void
  /** Gives up at once what is not delivered. */
  close(): void
}

export type WebhookOptions = {
  webhooks: readonly WebhookConfig[]
  /** What every document says of where it comes from. */
  from(): { node: string; cluster: string }
  /** The revision that this node runs. */
  running(): string | null
  troubles: Pick<Troubles, 'raise' | 'clear'>
  log: Logger
  /** Told of everything that no other part may show either. */
  secrets: Pick<Secrets, 'know'>
  /** Before the first retry; doubled for each one after it. */
  firstDelayMs?: number
}

const WAITING = 100
const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 30_000
const MAX_ANSWER_BYTES = 64 * 1024

/** What a document says; `id` stays the same over all tries. `what` names the event in logs. */
type Delivery = { id: string; document: Record<string, unknown>; what: string }

/** POSTs a JSON document per event, in order, to each webhook by itself: one that does not answer delays no other. */
export function createWebhooks(options: WebhookOptions): Webhooks {
  const ending = new AbortController()
  // Loaded now, as it takes a tenth of a second: not when a VIP moves, and not at all without webhooks (15 MB).
  const client = options.webhooks.length === 0 ? undefined : loadUndici()
  client?.catch(() => undefined)
  for (const webhook of options.webhooks) options.secrets.know(knownSecrets(webhook))
  const targets = options.webhooks.map((webhook, index) => {
    const key = `webhook ${index + 1}`
    const queue = createBoundedQueue<Delivery>({
      size: WAITING,
      work: (delivery) =>
        deliver(webhook, key, delivery, { ...options, client: client ?? loadUndici() }, ending.signal),
      onDrop: ({ what }) => {
        options.troubles.raise(
          `${key} queue`,
          `${key} (${shownUrl(webhook.url)}): more than ${WAITING} events wait, the oldest are left out`,
        )
        options.log.error(
          { about: key, webhook: shownUrl(webhook.url), event: what },
          'webhook is too slow, event left out',
        )
      },
      onEmpty: () => options.troubles.clear(`${key} queue`),
    })
    return { webhook, queue }
  })
  return {
    send: (notice) => {
      const delivery = deliveryOf(notice, options.from())
      for (const { webhook, queue } of targets) if (webhook.on.includes(notice.event)) queue.push(delivery)
    },
    close: () => {
      ending.abort()
      for (const { queue } of targets) queue.close()
    },
  }
}

/** What is secret before anything is sent. A file that cannot be read yet is read again, and told, with the first event. */
function knownSecrets({ url, headers }: WebhookConfig): string[] {
  try {
    return [...secretsOfUrl(url), ...headersOf(headers).fromFiles]
  } catch {
    return secretsOfUrl(url)
  }
}

function deliveryOf(notice: Notice, from: ReturnType<WebhookOptions['from']>): Delivery {
  const id = randomUUID()
  const common = { id, event: notice.event, ...from }
  if (notice.event === 'rejected') {
    const { rejection } = notice
    return { id, document: { ...common, ...rejection }, what: `rejected ${rejection.revision.slice(0, 12)}` }
  }
  const { vip, address, from: before, to, priority, reason, atMs } = notice.move
  const document = { ...common, vip, address, from: before, to, priority, reason, atMs }
  return { id, document, what: `${vip} ${before} -> ${to}` }
}

type HttpClient = ReturnType<typeof loadUndici>
type Attempt = { kind: 'delivered' } | { kind: 'failed'; reason: string; again: boolean }

async function deliver(
  webhook: WebhookConfig,
  key: string,
  delivery: Delivery,
  { client, ...options }: WebhookOptions & { client: HttpClient },
  ending: AbortSignal,
): Promise<void> {
  const { running, troubles, log, firstDelayMs = FIRST_DELAY_MS } = options
  const shown = shownUrl(webhook.url)
  const revision = running()
  // A rejection names its own revision.
  const body = JSON.stringify({ revision, ...delivery.document })
  for (let tries = 1; !ending.aborted; tries += 1) {
    const attempt = await post(webhook, delivery.id, body, { client, secrets: options.secrets }, ending)
    if (ending.aborted) return
    const fields = { about: key, webhook: shown, event: delivery.what, tries }
    if (attempt.kind === 'delivered') {
      troubles.clear(key)
      // That a change was told, once more, is no change.
      log[tries > 1 ? 'info' : 'debug'](fields, 'webhook delivered')
      return
    }
    const { reason } = attempt
    const text = `${key} (${shown}) does not take ${delivery.what}: ${reason}; VIPs do not depend on it`
    troubles.raise(key, text, { forMs: TOLD_MS })
    if (!attempt.again || tries > webhook.retries) {
      log.error({ ...fields, reason }, 'webhook given up for this event')
      return
    }
    log.warn({ ...fields, reason }, 'webhook failed, trying again')
    const delayMs = Math.min(MAX_DELAY_MS, firstDelayMs * 2 ** (tries - 1))
    await sleep(delayMs, undefined, { signal: ending, ref: false }).catch(() => undefined)
  }
}

/** One try. */
async function post(
  webhook: WebhookConfig,
  id: string,
  body: string,
  { client, secrets: everySecret }: { client: HttpClient; secrets: Pick<Secrets, 'know'> },
  ending: AbortSignal,
): Promise<Attempt> {
  const deadline = AbortSignal.timeout(webhook.timeoutMs)
  let secrets: readonly string[] = []
  try {
    const { request } = await client
    const headers = headersOf(webhook.headers)
    secrets = headers.secrets
    everySecret.know(headers.fromFiles)
    const answer = await request(webhook.url, {
      method: 'POST',
      headers: {
        ...headers.values,
        'content-type': 'application/json',
        'user-agent': 'lb-agent',
        'idempotency-key': id,
      },
      body,
      signal: AbortSignal.any([deadline, ending]),
      // A connection is not kept for an event that comes once a month.
      reset: true,
    })
    const status = answer.statusCode
    // The status is the answer; its text is read so that the connection ends well.
    await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined)
    if (status >= 200 && status < 300) return { kind: 'delivered' }
    return { kind: 'failed', reason: `it answered ${status}`, again: status >= 500 || status === 408 || status === 429 }
  } catch (error) {
    if (deadline.aborted) return { kind: 'failed', reason: `no answer within ${webhook.timeoutMs} ms`, again: true }
    const reason = withoutSecrets(
      (error as Error).message || String((error as NodeJS.ErrnoException).code),
      webhook.url,
      secrets,
    )
    return { kind: 'failed', reason, again: true }
  }
}
