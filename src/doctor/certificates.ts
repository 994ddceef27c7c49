import { connect } from 'node:tls'
import type { Service, Spec } from '../spec/spec.ts'
import type { Check } from './check.ts'
import { certificateVerdict, type Shown } from './verdicts/certificates.ts'

const ANSWERS_WITHIN_MS = 2_000
/** A control plane has three or five; each is one connection. */
const MAX_SERVERS = 7

export const CERTIFICATE_CHECKS: readonly Check[] = [
  {
    family: 'servers',
    name: 'certificates',
    look: async ({ desired }) => {
      if (desired.kind === 'unknown') return {}
      const { spec } = desired
      const services = spec.services.filter(({ profile }) => profile === 'kubernetes-api')
      const verdicts = services.map(async (service) => {
        const addresses = addressesOf(spec, service)
        const shown = await Promise.all(serversOf(spec, service).map((server) => ask(server, addresses)))
        return [
          `certificates of ${service.name}`,
          certificateVerdict({ name: service.name, vip: service.vip, addresses }, shown),
        ] as const
      })
      return Object.fromEntries(await Promise.all(verdicts))
    },
  },
]

type Asked = Pick<Shown, 'name' | 'address' | 'port'>

function addressesOf({ vips }: Spec, service: Service): string[] {
  const vip = vips.find(({ name }) => name === service.vip)
  return vip === undefined ? [] : [vip.address, ...vip.extraAddresses.map(({ address }) => address)]
}

function serversOf({ pools }: Spec, service: Service): Asked[] {
  const servers = pools.find(({ name }) => name === service.pool)?.servers ?? []
  return servers
    .slice(0, MAX_SERVERS)
    .map(({ name, address, port }) => ({ name, address, port: port ?? service.serverPort }))
}

/**
 * Only looks at the certificate, so nobody needs to have signed it. No name is asked for (SNI): K3s would add it to its
 * certificate (dynamiclistener), and the answer would change what was asked.
 */
function ask(server: Asked, addresses: readonly string[]): Promise<Shown> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port, rejectUnauthorized: false, servername: '' })
    const settle = (shown: Shown): void => {
      clearTimeout(deadline)
      socket.destroy()
      resolve(shown)
    }
    const fail = (reason: string): void => settle({ ...server, kind: 'silent', reason })
    const deadline = setTimeout(() => fail(`no answer within ${ANSWERS_WITHIN_MS / 1000} s`), ANSWERS_WITHIN_MS)
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
    socket.once('close', () => fail('it closed the connection'))
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate()
      if (certificate === undefined) return fail('it shows none')
      const lacking = addresses.filter((address) => certificate.checkIP(address) === undefined)
      settle({ ...server, kind: 'certificate', lacking })
    })
  })
}
