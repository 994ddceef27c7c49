import { agentHang, agentKill, agentUpgrade } from './agent.ts'
import { badCommit, goodCommit } from './commits.ts'
import { drain } from './drain.ts'
import type { Fault } from './fault.ts'
import {
  haproxyHang,
  haproxyKill,
  haproxyKillPair,
  haproxyKillWithoutAgent,
  haproxyReload,
  haproxyRestart,
} from './haproxy.ts'
import { keepalivedKill, keepalivedTerm } from './keepalived.ts'
import { nodeCut, nodeHeal } from './network.ts'
import { backendsDownEverywhere, backendsDownHere, failingBack } from './servers.ts'

/** Every fault of the drill, in the order in which they run. */
export const FAULTS: readonly Fault[] = [
  goodCommit,
  badCommit,
  haproxyKill,
  haproxyHang,
  haproxyRestart,
  haproxyReload,
  haproxyKillPair,
  haproxyKillWithoutAgent,
  keepalivedTerm,
  keepalivedKill,
  agentKill,
  agentHang,
  agentUpgrade,
  nodeCut,
  nodeHeal,
  backendsDownHere,
  failingBack,
  backendsDownEverywhere,
  drain,
]
