import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'

/** A self-signed certificate for `names` (`DNS:lb1`, `IP:10.0.0.1`) as NAME.pem and NAME.key in `directory`. */
export async function createCertificate(
  directory: string,
  name: string,
  names: readonly string[],
): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
  const result = await exec(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names.join(',')}`],
      ...['-keyout', key, '-out', certificate],
    ],
    { timeoutMs: 20_000 },
  )
  assert.ok(succeeded(result), describeFailure(result))
  return { certificate, key }
}
