/** Something that a person should mend, and that does not stop the agent's work. */
export type Trouble = { key: string; text: string; sinceMs: number }

export type Troubles = {
  /** The same key again replaces the text and keeps the time since when. */
  raise(key: string, text: string): void
  clear(key: string): void
  /** Oldest first. */
  list(): readonly Trouble[]
}

/** What is not as it should be right now, for `status`: each part raises its own and clears it. */
export function createTroubles(now: () => number): Troubles {
  const troubles = new Map<string, Trouble>()
  return {
    raise: (key, text) => {
      troubles.set(key, { key, text, sinceMs: troubles.get(key)?.sinceMs ?? now() })
    },
    clear: (key) => {
      troubles.delete(key)
    },
    list: () => [...troubles.values()],
  }
}
