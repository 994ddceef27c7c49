import type { Server } from 'node:http'

/** Resolves once `server` listens; rejects with what the system says (EADDRINUSE, EACCES, …). */
export function listen(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    start()
  })
}
