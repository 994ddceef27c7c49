/** How something is. `weak`: it works, with less than it should have. `unsure`: nobody knows. */
export type Mood = 'good' | 'weak' | 'bad' | 'unsure' | 'plain'

/** Also told by a sign, a dash pattern and a word, because not everybody sees the colours. */
export const SIGNS: Readonly<Record<Mood, string>> = { good: '✓ ', weak: '! ', bad: '✕ ', unsure: '? ', plain: '' }

export function moodOfService(service: { up: number | null; total: number; minimum: number }): Mood {
  if (service.up === null) return 'unsure'
  if (service.up < service.minimum || service.up === 0) return 'bad'
  return service.up < service.total ? 'weak' : 'good'
}
