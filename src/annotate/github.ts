import { formatPlace } from '../rules/finding.ts'
import type { Annotation } from './annotation.ts'

const LEVELS = { error: 'error', warning: 'warning', note: 'notice' } as const

/**
 * Lines that GitHub Actions (and Gitea, Forgejo) show beside the code: `::error file=lb.yaml,line=12,col=3,title=WEIGHT::message`
 * (GitHub docs, workflow commands).
 */
export function formatGithub(annotations: readonly Annotation[]): string {
  return annotations.map(line).join('\n')
}

function line({ rule, severity, at, related, message }: Annotation): string {
  const place = at.line === 0 ? {} : { line: `${at.line}`, col: `${at.col}` }
  const properties = Object.entries({ file: at.file, ...place, title: rule })
  // GitHub shows it at one place; the others can only be named.
  const told = related.length === 0 ? message : `${message} (see also ${related.map(formatPlace).join(', ')})`
  return `::${LEVELS[severity]} ${properties.map(([key, value]) => `${key}=${property(value)}`).join()}::${data(told)}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
