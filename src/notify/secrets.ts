import { readSecret } from '../secret-file.ts'
import type { WebhookConfig } from '../spec/agent-config.ts'

/** A URL for logs and status: paths and queries of webhooks are often the secret itself. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url)
  return `${protocol}//${host}${pathname === '/' && search === '' ? '' : '/…'}`
}

/** The headers as they are sent; `secrets` are the values, which no message may show. Throws what the file system says. */
export function headersOf(headers: WebhookConfig['headers']): { values: Record<string, string>; secrets: string[] } {
  const values = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : readSecret(`header ${name}`, value.file),
    ]),
  )
  return { values, secrets: Object.values(values) }
}

/** Another program's words without what must not be shown. */
export function withoutSecrets(message: string, url: string, secrets: readonly string[]): string {
  const { pathname, search } = new URL(url)
  return [url, `${pathname}${search}`, pathname, search, ...secrets]
    .filter((secret) => secret.length > 1)
    .reduce((text, secret) => text.replaceAll(secret, '…'), message)
    .slice(0, 300)
}
