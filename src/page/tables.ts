import { endpoint } from '../spec/address.ts'
import { fillTable, html, rowHead } from './dom.ts'
import { type Mood, moodOfService } from './mood.ts'
import type { Seen } from './seen.ts'
import { isUnheard } from './unheard.ts'

/** All balancers side by side; each name leads to the same page as that balancer tells it. */
export function showNodes({ own, cluster }: Seen): void {
  const vips = Object.keys(cluster.holders)
  const revisions = new Set(cluster.nodes.flatMap((node) => (node.kind === 'answers' ? [node.revision] : [])))
  const rows = cluster.nodes.map((node) => {
    const peer = own.peers.find(({ name }) => name === node.name)
    const name = rowHead(peer === undefined ? node.name : link(node.name, peer.address))
    if (node.kind === 'silent') {
      const unknown = [html('td', 'UNKNOWN', 'unsure'), ...vips.map(() => html('td', 'UNKNOWN', 'unsure'))]
      const why = isUnheard(cluster) ? node.reason : `no answer: ${node.reason}`
      return [name, html('td', why, 'unsure'), ...unknown]
    }
    const cells = vips.map((vipName) => {
      const vip = node.vips.find((candidate) => candidate.name === vipName)
      if (vip === undefined) return html('td', '–')
      if (!vip.held) return html('td', vip.state, moodOfState(vip.state))
      const isTwice = (cluster.holders[vipName]?.length ?? 0) > 1
      return html('td', isTwice ? `DUPLICATE, ${vip.state}` : `${vip.state}, here`, isTwice ? 'bad' : 'good')
    })
    const revision = html('td', node.revision.slice(0, 12), revisions.size > 1 ? 'weak' : 'plain')
    const pending = node.desired === null || node.desired === node.revision ? '' : `, newest: ${node.desired}`
    revision.title = `release ${node.release}${pending}`
    return [name, html('td', node.text, node.well ? 'good' : 'bad'), revision, ...cells]
  })
  fillTable('nodes', ['balancer', 'says', 'revision', ...vips.map((vip) => `VIP ${vip}`)], rows)
}

/** MASTER without the address is as odd as UNKNOWN. */
function moodOfState(state: string): Mood {
  if (state === 'FAULT') return 'bad'
  return state === 'BACKUP' ? 'plain' : 'unsure'
}

function link(name: string, address: string): HTMLElement {
  const made = document.createElement('a')
  made.textContent = name
  made.href = `${location.protocol}//${address.includes(':') ? `[${address}]` : address}:${location.port}/`
  return made
}

export function showServices({ own, services }: Seen): void {
  const rows = services.map((service) => {
    const up = service.up === null ? 'UNKNOWN' : `${service.up} of ${service.total}`
    const servers = html('span', '')
    service.servers.forEach((server, at) => {
      if (at > 0) servers.append(', ')
      const why = server.lastCheck === '' ? '' : ` (${server.lastCheck})`
      servers.append(
        server.up ? html('span', server.name, 'good') : html('span', `${server.name} ${server.status}${why}`, 'bad'),
      )
    })
    if (service.servers.length === 0) servers.append('–')
    const cell = html('td', '')
    cell.append(servers)
    return [
      rowHead(service.name),
      html('td', endpoint(service.address, service.port)),
      html('td', up, moodOfService(service)),
      cell,
      html('td', service.by === own.node ? 'this balancer' : service.by || '–'),
    ]
  })
  if (rows.length === 0) rows.push([html('td', 'none yet')])
  fillTable('services', ['service', 'listens on', 'servers up', 'servers', 'seen by'], rows)
}
