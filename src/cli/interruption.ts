/** Aborted by Ctrl-C, and by who else ends this program: it then ends what it has begun. */
export function interruption(): AbortSignal {
  const ending = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => ending.abort(new Error('interrupted')))
  return ending.signal
}
