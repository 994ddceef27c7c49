import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateVerdict } from '../../src/doctor/verdicts/certificates.ts'
import { line } from '../support/verdict-line.ts'

test('the certificate of an API server names the VIP', () => {
  const service = { name: 'kubernetes-api', vip: 'api', addresses: ['10.17.5.10', 'fd00::10'] }
  const server = (name: string, ...lacking: string[]) =>
    ({ name, address: '10.17.4.21', port: 6443, kind: 'certificate', lacking }) as const
  const silent = { name: 'm3', address: '10.17.4.23', port: 6443, kind: 'silent', reason: 'ECONNREFUSED' } as const
  const told = (...shown: Parameters<typeof certificateVerdict>[1]) => line(certificateVerdict(service, shown))
  assert.equal(told(server('m1'), server('m2')), 'ok: The certificates of m1, m2 name 10.17.5.10, fd00::10, VIP api.')
  assert.equal(
    told(server('m1'), server('m2', 'fd00::10'), silent),
    'problem: The certificate of m2 does not name fd00::10 (VIP api): clients that ask for kubernetes-api by that address refuse it. → on m2: tls-san: ["fd00::10"] in /etc/rancher/k3s/config.yaml (k3s server --tls-san fd00::10), then systemctl restart k3s, one after the other; kubeadm: apiServer.certSANs',
  )
  assert.match(
    told(server('m1', '10.17.5.10', 'fd00::10'), server('m2', '10.17.5.10')),
    /^problem: The certificates of m1, m2 do not name 10\.17\.5\.10, fd00::10 \(VIP api\): .* refuse them\. → on m1, m2: tls-san: \["10\.17\.5\.10", "fd00::10"\]/,
  )
  assert.equal(
    told(server('m1'), silent),
    'cannot tell: The certificate of m1 names 10.17.5.10, fd00::10. No certificate was seen of m3 at 10.17.4.23:6443 (ECONNREFUSED). → ask again when they run',
  )
  assert.equal(
    told(silent),
    'cannot tell: No certificate was seen of m3 at 10.17.4.23:6443 (ECONNREFUSED). → ask again when they run',
  )
})
