import { createHash } from 'node:crypto'
import type { Page } from './network.ts'

/** The status page with a policy that lets its own style and script run, and nothing else, from nowhere else. */
export function statusPage(html: string): Page {
  const hash = (tag: 'style' | 'script'): string => {
    const inside = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? ''
    return `'sha256-${createHash('sha256').update(inside).digest('base64')}'`
  }
  const policy = [
    "default-src 'none'",
    `style-src ${hash('style')}`,
    `script-src ${hash('script')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return { contentType: 'text/html; charset=utf-8', body: html, policy }
}
