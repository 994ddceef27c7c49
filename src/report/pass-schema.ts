import * as z from 'zod'
import { list, oneOf, orNull, span, tag, text, time, timeOrNull } from './fields.ts'

export const stageSchema = z
  .object({
    stage: oneOf('Stage', 'Which stage.', [
      'fetch',
      'verify',
      'read',
      'parse',
      'prove',
      'render',
      'stage',
      'check',
      'activate',
      'reload haproxy',
      'confirm haproxy',
      'drain first',
      'reload keepalived',
      'confirm keepalived',
      'watch',
      'roll back',
    ]),
    outcome: oneOf('Outcome', 'How it ended.', ['ok', 'failed']),
    detail: text('Detail', 'A sentence for the operator; may have several lines.'),
    startedAtMs: time('Started', 'When it began.'),
    durationMs: span('Duration', 'How long it took.'),
  })
  .meta({ title: 'Stage', description: 'What became of one stage of a revision.' })

export const revisionSchema = z
  .object({
    sha: text('Commit', 'The full name of the commit.'),
    subject: text('Subject', 'The first line of its message, without control characters.'),
    author: text('Author', 'Who wrote it, as the commit says.'),
    committedAtMs: time('Committed', 'When it was committed, as the commit says.'),
  })
  .meta({ title: 'Revision', description: 'The commit that a pass looked at.' })

const stage = () => text('Stage', 'The stage that ended it.')
const reason = () => text('Reason', 'Why, for the operator; may have several lines.')

export const resultSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: tag('Kind', 'running', 'Still under way.'),
      waits: orNull(
        'Waits',
        'What its stage waits for, for how long at most, and why; null when for nothing.',
        z.string(),
      ),
    }),
    z.object({
      kind: tag('Kind', 'unchanged', 'This node runs it already, or it renders the same files.'),
      detail: text('Detail', 'Which of the two.'),
    }),
    z.object({
      kind: tag('Kind', 'applied', 'It is live, loaded and confirmed.'),
      release: text('Release', 'The id of the release.'),
    }),
    z.object({
      kind: tag('Kind', 'rejected', 'The revision failed a stage by its own fault; it is not tried again.'),
      stage: stage(),
      reason: reason(),
    }),
    z.object({
      kind: tag('Kind', 'refused', 'Refused for now: a rewind, or a revision that was rejected before.'),
      reason: reason(),
    }),
    z.object({
      kind: tag('Kind', 'suspended', 'It waits: a person has suspended this node.'),
      reason: reason(),
    }),
    z.object({
      kind: tag('Kind', 'failed', 'The outside world failed; it is tried again.'),
      stage: stage(),
      reason: reason(),
    }),
    z.object({
      kind: tag('Kind', 'stuck', 'Neither the new release nor the old one could be proven.'),
      stage: stage(),
      reason: reason(),
    }),
    z.object({ kind: tag('Kind', 'interrupted', 'The agent was told to end.') }),
  ])
  .meta({ title: 'Result', description: 'What became of the revision on this node.' })

export const passSchema = z.object({
  revision: orNull('Revision', 'The commit that was looked at; null when none was read.', revisionSchema),
  startedAtMs: time('Started', 'When it began.'),
  endedAtMs: timeOrNull('Ended', 'When it ended; null while it runs.'),
  stages: list('Stages', 'Its stages so far, in their order.', stageSchema),
  result: resultSchema,
})
