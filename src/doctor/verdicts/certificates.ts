import { endpoint } from '../../spec/address.ts'
import { cannotTell, ok, problem, type Verdict } from './verdict.ts'

/** A server that was asked for its certificate. `lacking`: those of the asked addresses that the certificate does not name. */
export type Shown = { name: string; address: string; port: number } & (
  | { kind: 'certificate'; lacking: readonly string[] }
  | { kind: 'silent'; reason: string }
)

/** kubectl and the agents of K3s refuse a server whose certificate does not name the address that they connected to. */
export function certificateVerdict(
  service: { name: string; vip: string; addresses: readonly string[] },
  shown: readonly Shown[],
): Verdict {
  const lacking = shown.flatMap((server) =>
    server.kind === 'certificate' && server.lacking.length > 0 ? [server] : [],
  )
  const [first] = lacking
  if (first !== undefined) {
    const one = lacking.length === 1
    const names = lacking.map(({ name }) => name).join(', ')
    const sans = [...new Set(lacking.flatMap((server) => server.lacking))]
    return problem(
      `The certificate${one ? '' : 's'} of ${names} do${one ? 'es' : ''} not name ${sans.join(', ')} (VIP ${service.vip}): clients that ask for ${service.name} by that address refuse ${one ? 'it' : 'them'}.`,
      `on ${names}: tls-san: [${sans.map((san) => `"${san}"`).join(', ')}] in /etc/rancher/k3s/config.yaml (k3s server ${sans.map((san) => `--tls-san ${san}`).join(' ')}), then systemctl restart k3s, one after the other; kubeadm: apiServer.certSANs`,
    )
  }
  const named = shown.filter(({ kind }) => kind === 'certificate').map(({ name }) => name)
  const silent = shown.flatMap((server) =>
    server.kind === 'silent' ? [`${server.name} at ${endpoint(server.address, server.port)} (${server.reason})`] : [],
  )
  const well = `The certificate${named.length === 1 ? '' : 's'} of ${named.join(', ')} name${named.length === 1 ? 's' : ''} ${service.addresses.join(', ')}`
  if (silent.length === 0) return ok(`${well}, VIP ${service.vip}.`)
  const unseen = `No certificate was seen of ${silent.join(', ')}`
  return cannotTell(named.length === 0 ? `${unseen}.` : `${well}. ${unseen}.`, 'ask again when they run')
}
