import { parseIpAddress } from '../spec/address.ts'
import type { OldCluster, OldFile, OldNode } from './old-cluster.ts'

type Kind = 'haproxy' | 'keepalived'
type Found = { path: string; node: string | undefined; kind: Kind }

/**
 * Files of a cluster that were written by hand. A file says whose it is by its directory (`lb1/haproxy.cfg`,
 * `lb1/etc/haproxy/haproxy.cfg`) or by its name (`lb1.haproxy.cfg`, `haproxy-lb1.cfg`, `keepalived_lb1.conf`). One that names no
 * node, such as `haproxy.cfg` beside them, is that of all nodes which have none. undefined: there is no keepalived.conf.
 */
export function handWrittenCluster(files: ReadonlyMap<string, string>): OldCluster | undefined {
  const found = [...files.keys()].flatMap(foundOf)
  if (!found.some(({ kind }) => kind === 'keepalived')) return undefined
  const names = [...new Set(found.flatMap(({ node }) => (node === undefined ? [] : [node])))]
  const nodes = (names.length === 0 ? ['lb1'] : names).map((name): OldNode => {
    const fileOf = (kind: Kind): OldFile | undefined => {
      const of = (node: string | undefined) => found.find((one) => one.kind === kind && one.node === node)
      const path = (of(name) ?? of(undefined))?.path
      return path === undefined ? undefined : { source: path, text: files.get(path) ?? '', lines: undefined }
    }
    const address = parseIpAddress(name)?.text
    return { name, address, haproxy: fileOf('haproxy'), keepalived: fileOf('keepalived'), scripts: new Map() }
  })
  return { nodes, read: found.map(({ path }) => path), groups: new Map(), addresses: new Map(), problems: [] }
}

const FILE = /^(?:(.*?)[._-])?(haproxy|keepalived)(?:[._-](.*))?\.(?:cfg|conf)$/i
/** Directories on the way to a file that do not name a node. */
const PLACES = new Set([
  'etc',
  'haproxy',
  'keepalived',
  'conf',
  'config',
  'configs',
  'files',
  'nodes',
  'hosts',
  'rootfs',
])

function foundOf(path: string): Found[] {
  const directories = path.split('/')
  const [, before = '', kind = '', after = ''] = FILE.exec(directories.pop() ?? '') ?? []
  if (kind === '') return []
  const written = before || after
  const node = written || directories.findLast((name) => !PLACES.has(name.toLowerCase()))
  return [{ path, node: node || undefined, kind: kind.toLowerCase() === 'haproxy' ? 'haproxy' : 'keepalived' }]
}
