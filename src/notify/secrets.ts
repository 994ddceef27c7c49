import { cleanText } from '../clean-text.ts'
import { readSecret } from '../secret-file.ts'
import { hideCredentials, hideValues } from '../secrets.ts'
import type { WebhookConfig } from '../spec/agent-config.ts'

/** A URL for logs and status: paths and queries of webhooks are often the secret itself. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url)
  return `${protocol}//${host}${pathname === '/' && search === '' ? '' : '/…'}`
}

/**
 * The headers as they are sent; `secrets` are the values, which no message about this webhook may show, and `fromFiles`
 * those that nothing else may show either. Throws what the file system says.
 */
export function headersOf(headers: WebhookConfig['headers']): {
  values: Record<string, string>
  secrets: string[]
  fromFiles: string[]
} {
  const read = Object.entries(headers).map(([name, value]) =>
    typeof value === 'string'
      ? { name, value, isFromFile: false }
      : { name, value: readSecret(`header ${name}`, value.file), isFromFile: true },
  )
  return {
    values: Object.fromEntries(read.map(({ name, value }) => [name, value])),
    secrets: read.map(({ value }) => value),
    fromFiles: read.filter(({ isFromFile }) => isFromFile).map(({ value }) => value),
  }
}

/** Another program's words without what must not be shown. */
export function withoutSecrets(message: string, url: string, secrets: readonly string[]): string {
  return cleanText(hideCredentials(hideValues(message, [url, ...secretsOfUrl(url), ...secrets])), 300)
}

/** What is secret of a webhook's URL, as other programs write it. */
export function secretsOfUrl(url: string): string[] {
  const { pathname, search } = new URL(url)
  return [`${pathname}${search}`, pathname, search].filter((secret) => secret.length > 1)
}
