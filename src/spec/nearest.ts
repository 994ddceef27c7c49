/** The candidate that `word` is probably a slip of: at most two edits away, and fewer than half of its letters. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64 || candidates.length > 100) return undefined
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: edits(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= 2 && edits * 2 < Math.max(candidate.length, word.length))
    .sort((a, b) => a.edits - b.edits)
  return ranked[0]?.candidate
}

/** `; did you mean virtualRouterId?`, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates)
  return candidate === undefined ? '' : `; did you mean ${candidate}?`
}

/** Levenshtein's distance, by rows. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      const replace = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
