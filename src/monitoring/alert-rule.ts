/**
 * One rule of Prometheus. `critical`: clients are cut off, or nobody can say that they are not. `warning`: they are
 * served, and the next fault may change that. `run` is the verb that a person begins with.
 */
export type AlertRule = {
  alert: string
  expr: string
  for: string
  labels: { severity: 'critical' | 'warning' }
  annotations: { summary: string; description: string; run: string }
}

export const CRITICAL: AlertRule['labels'] = { severity: 'critical' }
export const WARNING: AlertRule['labels'] = { severity: 'warning' }
