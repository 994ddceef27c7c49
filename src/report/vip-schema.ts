import * as z from 'zod'
import { flag, list, oneOf, orNull, text, timeOrNull } from './fields.ts'

export const HEALTH_CAUSES = ['healthy', 'no_service', 'servers_down', 'servers_unknown', 'damped'] as const
/** Why a score is what it is, for programs: few enough to be a label of a metric. */
export const SCORE_CAUSES = [
  ...HEALTH_CAUSES,
  'held_back',
  'drained',
  'waits_for_server',
  'waits_for_takeover',
] as const

export const vipSchema = z
  .object({
    name: text('Name', 'Its name in lb.yaml.'),
    address: text('Address', 'Its first address.'),
    state: oneOf('State', 'What keepalived said last; UNKNOWN when it does not run or has not said anything yet.', [
      'MASTER',
      'BACKUP',
      'FAULT',
      'UNKNOWN',
    ]),
    sinceMs: timeOrNull('Since', 'When the state changed last; null while it is UNKNOWN.'),
    effectivePriority: orNull(
      'Effective priority',
      'The priority with which this node takes part, 0-255, as keepalived said it; null while it has not.',
      z.number(),
    ),
    held: flag('Held', 'The address is on this node, as the kernel says when this is put together.'),
    duplicate: orNull(
      'Duplicate',
      'Another node may answer for the address as well; null when nothing speaks for that.',
      z.object({
        others: list('Others', 'Names of the nodes that say that they have it.', z.string()),
        silent: list('Silent', 'Names of the nodes that do not answer and may have it.', z.string()),
        ageMs: orNull('Age', 'Since they were asked; null: not yet. Milliseconds.', z.number()),
      }),
    ),
    score: orNull(
      'Score',
      'How well this node would serve it, 0-100; null before it is computed the first time.',
      z.number(),
    ),
    scoreReason: text('Reason of the score', 'Why the score is what it is.'),
    scoreCause: orNull(
      'Cause of the score',
      'The same in one word: `healthy`; `no_service`: nothing to judge by; `servers_down`: a service has fewer servers than its minimum; `servers_unknown`: not asked yet; `damped`: a change waits for vrrp.damping; `held_back`: after a recovery (vrrp.failback); `drained`: by hand, or while keepalived changes; `waits_for_server`: requireHealthyOnce; `waits_for_takeover`: a pair without lb-agent still holds it (lb-agent install). Null before the score is computed.',
      z.enum(SCORE_CAUSES),
    ),
  })
  .meta({ title: 'VIP', description: 'A virtual address, as this node sees it.' })
