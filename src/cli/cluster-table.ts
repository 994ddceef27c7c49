import type { ClusterView, NodeView } from '../cluster.ts'
import { adviceLines, paint, table } from './print.ts'

/** Every node side by side: who holds what, who runs and who has read which revision, who cannot be reached. */
export function formatCluster({ headline, nodes, holders }: ClusterView): string {
  const vips = Object.keys(holders)
  const head = ['node', 'runs', 'newest', ...vips.map((vip) => `VIP ${vip}`), 'says'].map((text) => paint('dim', text))
  return [
    `${headline.well ? paint('green', '●') : paint('red', '▲')} ${headline.text}`,
    ...adviceLines(headline),
    '',
    table([head, ...nodes.map((node) => row(node, vips, holders))]),
  ].join('\n')
}

function row(node: NodeView, vips: readonly string[], holders: ClusterView['holders']): string[] {
  if (node.kind === 'silent') {
    const unknown = paint('yellow', 'UNKNOWN')
    return [node.name, unknown, unknown, ...vips.map(() => unknown), paint('red', `no answer: ${node.reason}`)]
  }
  const cells = vips.map((name) => {
    const vip = node.vips.find((candidate) => candidate.name === name)
    if (vip === undefined) return '-'
    const twice = vip.held && (holders[name]?.length ?? 0) > 1
    const place = twice ? paint('red', 'DUPLICATE') : vip.held ? paint('green', 'HERE') : ''
    return [vip.state, place].filter((word) => word !== '').join(' ')
  })
  const newest = node.desired?.slice(0, 12) ?? '-'
  const isPending = node.desired !== null && node.desired !== node.revision
  return [
    node.name,
    node.revision.slice(0, 12),
    isPending ? paint('yellow', newest) : newest,
    ...cells,
    node.well ? node.text : paint('red', node.text),
  ]
}
