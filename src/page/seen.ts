import type { ClusterView } from '../cluster.ts'
import type { Status } from '../status.ts'

/** What the agent sends to the page. `told`: the newest events of this balancer in words, newest first. */
export type Seen = { own: Status; cluster: ClusterView; told: readonly { atMs: number; text: string }[] }
