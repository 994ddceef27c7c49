import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createAgentLog, readLogSettings } from '../../src/log/agent-log.ts'
import { cleanRecord, cleanWords } from '../../src/log/clean-record.ts'
import { createSecrets, hideCredentials } from '../../src/secrets.ts'

const asIs = (text: string): string => text

test('control characters, ANSI sequences and what turns text around are taken out, and lines are one line', () => {
  const esc = String.fromCharCode(0x1b)
  assert.deepEqual(
    cleanRecord(
      {
        reason: `${esc}[31mred${esc}[0m\r\n\nsecond\tline\u0000`,
        subject: 'see \u202egpj.exe\u2069\u200b',
        c1: 'a\u009b31mb\u0085c',
        deep: [{ 'na\nme': ['x\u2028y'] }],
      },
      asIs,
    ),
    {
      reason: 'red ⏎ second line',
      subject: 'see gpj.exe',
      c1: 'a 31mb c',
      deep: [{ 'na ⏎ me': ['x y'] }],
    },
  )
})

test('an error is told with its type, code, cause and stack, all of them clean', () => {
  const cause = Object.assign(new Error('connect\nrefused'), { code: 'ECONNREFUSED' })
  const { err } = cleanRecord({ err: new TypeError('cannot\u0007do it', { cause }) }, asIs) as { err: LoggedError }
  assert.deepEqual(
    { ...err, stack: [], cause: { ...err.cause, stack: [] } },
    {
      type: 'TypeError',
      message: 'cannot do it',
      stack: [],
      cause: { type: 'Error', message: 'connect ⏎ refused', code: 'ECONNREFUSED', stack: [] },
    },
  )
  assert.match(err.stack[0] ?? '', /^at .*log-words\.test\.ts:\d+:\d+/)
})

type LoggedError = { type: string; message: string; stack: string[]; cause: object }

test('a record has an end, however long, deep or round its fields are', () => {
  const round: Record<string, unknown> = { long: 'x'.repeat(100_000) }
  round['itself'] = round
  const wide = Array.from({ length: 1_000 }, (_, index) => ({ [`name${index}`]: 'y'.repeat(500) }))
  const clean = cleanRecord({ round, wide }, asIs)
  assert.ok(JSON.stringify(clean).length < 24_000, `${JSON.stringify(clean).length} characters`)
  assert.equal(cleanWords('z'.repeat(5_000), asIs).length, 2_000)
  assert.deepEqual(cleanRecord({ list: Array.from({ length: 60 }, () => 1) }, asIs)['list'], [
    ...Array.from({ length: 50 }, () => 1),
    '… 10 more',
  ])
})

const CREDENTIALS: readonly (readonly [string, string])[] = [
  ["unable to access 'https://ada:p/a@ss@git.lan/lb.git/'", "unable to access 'https://…@git.lan/lb.git/'"],
  ['https://ghp_abcdefghijklmnop@github.com/x', 'https://…@github.com/x'],
  ['git fetch from ssh://git@git.lan/lb.git', 'git fetch from ssh://git@git.lan/lb.git'],
  ['ssh://git:secret@git.lan/lb.git', 'ssh://git:…@git.lan/lb.git'],
  ['GET /hook?room=1&token=abc123&key=k2 failed', 'GET /hook?room=1&token=…&key=… failed'],
  ['Authorization: Bearer abc.def-ghi refused', 'Authorization: … refused'],
  ['{"authorization":"Basic YWRhOnB3"}', '{"authorization":"…"}'],
  ['sent Bearer abcdefgh12345', 'sent Bearer …'],
  ['auth_pass hunter2', 'auth_pass …'],
  ['auth_data = "hunter2"', 'auth_data = "…"'],
  ['password: hunter2, user: ada', 'password: …, user: ada'],
  ['DB_PASSWORD=hunter2 and api-key="k3"', 'DB_PASSWORD=… and api-key="…"'],
  ['fatal: bad ghp_0123456789abcdefghij here', 'fatal: bad … here'],
  ['-----BEGIN OPENSSH PRIVATE KEY----- ⏎ b3Bl ⏎ -----END OPENSSH PRIVATE KEY----- end', '… end'],
  // haproxy.cfg
  ['stats auth admin:hunter2', 'stats auth admin:…'],
  ["found 'stats auth admin:hunter2'", "found 'stats auth admin:…'"],
  ['user bob insecure-password hunter2 groups a', 'user bob insecure-password … groups a'],
  ['user bob password $5$c0ffee$hunter2 groups a', 'user bob password … groups a'],
  ["unknown keyword '$6$rounds=5000$c0ffee$hunter2'", "unknown keyword '…'"],
  ['set-header Authorization "Basic YWRhOnB3" if x', 'set-header Authorization … if x'],
  ['http-check send hdr Authorization Basic\\ YWRhOnB3 meth GET', 'http-check send hdr Authorization … meth GET'],
  ['set-header X-Api-Key hunter2 if x', 'set-header X-Api-Key … if x'],
  ['X-Api-Key hunter2', 'X-Api-Key …'],
  ['x-auth-token: hunter2', 'x-auth-token: …'],
  ['setenv API_KEY hunter2', 'setenv API_KEY …'],
  // Settings, and what a shell shows with set -x.
  ['AWS_SECRET_ACCESS_KEY=hunter2 aws s3 ls', 'AWS_SECRET_ACCESS_KEY=… aws s3 ls'],
  ['redis://:pw@host/0', 'redis://:…@host/0'],
  ['+ MYSQL_PWD=hunter2 mysql', '+ MYSQL_PWD=… mysql'],
  ['+ curl -s -u ada:hunter2 git.lan', '+ curl -s -u ada:… git.lan'],
  ['+ notify --api-token hunter2 up', '+ notify --api-token … up'],
  // What a reader needs stays.
  ['unexpected token: blance', 'unexpected token: blance'],
  ['Permission denied (publickey,password).', 'Permission denied (publickey,password).'],
  [
    'the server refuses our credentials (authentication failed)',
    'the server refuses our credentials (authentication failed)',
  ],
  ['Host key verification failed', 'Host key verification failed'],
  ['the header X-Api-Key is missing', 'the header X-Api-Key is missing'],
  ['the password is wrong', 'the password is wrong'],
  ["'user' only supports 'password' and 'groups'", "'user' only supports 'password' and 'groups'"],
  ["unknown keyword 'stats auth' in 'frontend'", "unknown keyword 'stats auth' in 'frontend'"],
  ['VIP api: score 100 -> 0: drained', 'VIP api: score 100 -> 0: drained'],
]

for (const [said, shown] of CREDENTIALS) {
  test(`a credential is not shown, and what is none is: ${shown}`, () => assert.equal(hideCredentials(said), shown))
}

test('a secret that the process knows is hidden wherever it turns up, also in two parts', () => {
  const secrets = createSecrets()
  secrets.know(['Bearer sesame-open', '/hooks/T0/B0', 'lb'])
  assert.equal(
    secrets.hide('POST /hooks/T0/B0 on lb1: sesame-open is wrong, Bearer sesame-open too'),
    'POST … on lb1: … is wrong, … too',
  )
  assert.deepEqual(cleanRecord({ token: 'x', Authorization: ['y'], password: null, tokens: 3 }, asIs), {
    token: '…',
    Authorization: '…',
    password: null,
    tokens: 3,
  })
  // Cut by a line end or a colour, it is still the secret.
  assert.equal(cleanWords('a sesame-\u001b[1mopen b', secrets.hide), 'a … b')
})

test('a hostile text does not take long to clean', () => {
  const texts = [
    'a://',
    'https://x',
    '-a',
    'token=',
    'bearer ',
    'eyJaaaaa.',
    '"password" ',
    '\u001b[',
    '\n',
    '-----BEGIN PRIVATE KEY-----',
  ]
  const startedAt = performance.now()
  for (const text of texts) cleanWords(text.repeat(100_000), createSecrets().hide)
  const tookMs = performance.now() - startedAt
  assert.ok(tookMs < 3_000, `${Math.round(tookMs)} ms`)
})

test('whatever is logged, each form of the log is whole lines of printable text', async () => {
  for (const form of ['json', 'pretty'] as const) {
    const lines: string[] = []
    const { log, close } = await createAgentLog({ level: 'trace', form }, createSecrets(), {
      write: (line) => lines.push(line),
    })
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.anything()),
        fc.string({ unit: 'binary' }),
        (fields, message) => {
          lines.length = 0
          log.debug(fields, message)
          assert.equal(lines.length, 1)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
          assert.match(lines[0] ?? '', /^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+\n$/u)
          if (form === 'json') JSON.parse(lines[0] ?? '')
        },
      ),
      { numRuns: 300 },
    )
    close()
  }
})

test('the log says what it is told, in both forms', async () => {
  const said = async (form: 'json' | 'pretty'): Promise<string[]> => {
    const lines: string[] = []
    const { log, close } = await createAgentLog({ level: 'info', form }, createSecrets(), {
      write: (line) => lines.push(line.replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/, 'TIME')),
    })
    log.info({ about: 'gate', open: true, reason: 'HAProxy answers' }, 'gate opened')
    log.debug('not asked for')
    log.info({ about: 'gate', open: true, reason: 'HAProxy answers' }, 'gate opened')
    log.warn('without fields')
    close()
    return lines
  }
  assert.deepEqual(await said('json'), [
    '{"level":"info","time":"TIME","about":"gate","open":true,"reason":"HAProxy answers","msg":"gate opened"}\n',
    '{"level":"warn","time":"TIME","msg":"without fields"}\n',
    '{"level":"info","time":"TIME","about":"gate","what":"gate opened","repeated":1,"msg":"no longer repeated"}\n',
  ])
  assert.deepEqual(await said('pretty'), [
    '[TIME] INFO: gate opened {"about":"gate","open":true,"reason":"HAProxy answers"}\n',
    '[TIME] WARN: without fields\n',
    '[TIME] INFO: no longer repeated {"about":"gate","what":"gate opened","repeated":1}\n',
  ])
})

test('a setting of the log that is wrong is named with what it may be', () => {
  assert.deepEqual(readLogSettings({}), { kind: 'settings', settings: { level: 'info', form: 'json' } })
  assert.deepEqual(readLogSettings({ LB_AGENT_LOG: 'pretty', LB_AGENT_LOG_LEVEL: 'debug' }), {
    kind: 'settings',
    settings: { level: 'debug', form: 'pretty' },
  })
  assert.deepEqual(readLogSettings({ LB_AGENT_LOG: 'prety' }), {
    kind: 'wrong',
    reason: 'LB_AGENT_LOG is "prety"; it is one of json, pretty. Nothing was started',
  })
  assert.deepEqual(readLogSettings({ LB_AGENT_LOG_LEVEL: 'loud\n' }), {
    kind: 'wrong',
    reason:
      'LB_AGENT_LOG_LEVEL is "loud"; it is one of trace, debug, info, warn, error, fatal, silent. Nothing was started',
  })
})
