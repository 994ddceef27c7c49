import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { HttpTls } from '../spec/agent-config.ts'

export type Certificate = {
  /** For a new server. */
  current: SecureContextOptions
  /** What the files hold by now, if that is another pair; otherwise undefined. Throws what is wrong with it. */
  renewed(): SecureContextOptions | undefined
}

/** Throws what is wrong with the files. */
export function readCertificate(files: HttpTls): Certificate {
  let known = readPair(files)
  return {
    current: known,
    renewed: () => {
      const found = readPair(files)
      if (found.cert === known.cert && found.key === known.key) return undefined
      known = found
      return found
    },
  }
}

function readPair({ certificate, key }: HttpTls) {
  const pair = {
    cert: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
    minVersion: 'TLSv1.2',
  } as const
  // Throws unless the key is that of the certificate.
  createSecureContext(pair)
  return pair
}
