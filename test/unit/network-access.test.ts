import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createAskPeer, type PeerAnswer } from '../../src/ask-peer.ts'
import { createAccess } from '../../src/serve/access.ts'
import { readCertificate } from '../../src/serve/certificate.ts'
import { serveNetwork } from '../../src/serve/network.ts'
import type { HttpAuth, HttpTls } from '../../src/spec/agent-config.ts'
import { createCertificate } from '../support/certificate.ts'

suite('who may read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-access-'))
  const file = (name: string, content: string): string => {
    const path = join(directory, name)
    writeFileSync(path, content)
    return path
  }
  const basic = { user: 'lb', password: { file: file('password', 'open sesame\n') } }
  const bearer = { file: file('bearer', 'tok-en\n') }
  const shared: HttpTls = { certificate: '', key: '', authority: '' }
  before(async () => {
    Object.assign(shared, await createCertificate(directory, 'shared', ['DNS:lb1', 'IP:127.0.0.1']))
    shared.authority = shared.certificate
  })
  after(() => rmSync(directory, { recursive: true }))

  const basicOf = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const troubles: (string | undefined)[] = []
  const secrets: string[] = []
  const access = (auth: HttpAuth | undefined) =>
    createAccess(auth, { onSecrets: (values) => secrets.push(...values), onTrouble: (reason) => troubles.push(reason) })

  test('everybody, when agent.yaml has no auth', () => assert.ok(access(undefined).allows(undefined)))

  test('whoever sends the user and password, or the token', () => {
    const both = access({ basic, bearer })
    for (const good of [
      basicOf('lb:open sesame'),
      basicOf('lb:open sesame').replace('Basic', 'BASIC'),
      'Bearer tok-en',
    ])
      assert.ok(both.allows(good), good)
    for (const bad of [
      undefined,
      '',
      'Basic',
      'Bearer',
      'Bearer ',
      'Bearer tok-en2',
      'Bearer tok-e',
      'Bearer tok-en, Bearer tok-en',
      'Basic tok-en',
      `Bearer ${Buffer.from('lb:open sesame').toString('base64')}`,
      basicOf('lb:'),
      basicOf('lb'),
      basicOf('LB:open sesame'),
      basicOf('lb:open sesame '),
      basicOf('lb:open sesame\n'),
    ])
      assert.ok(!both.allows(bad), bad)
    assert.deepEqual(both.challenges, ['Basic realm="lb-agent", charset="UTF-8"', 'Bearer realm="lb-agent"'])
    assert.ok(!access({ basic, bearer: undefined }).allows('Bearer tok-en'))
    assert.deepEqual(new Set(secrets), new Set(['open sesame', 'tok-en']))
  })

  test('a file that is changed counts at once; one that cannot be read opens nothing, and is told', () => {
    const path = file('changing', 'first')
    const only = access({ basic: undefined, bearer: { file: path } })
    assert.ok(only.allows('Bearer first'))
    writeFileSync(path, 'second')
    assert.ok(!only.allows('Bearer first'))
    assert.ok(only.allows('Bearer second'))
    assert.equal(troubles.at(-1), undefined)
    writeFileSync(path, '')
    assert.ok(!only.allows('Bearer '))
    assert.ok(!only.allows('Bearer'))
    assert.equal(troubles.at(-1), `http.auth.bearer: ${path} does not hold one line of printable ASCII`)
    rmSync(path)
    assert.ok(!only.allows('Bearer second'))
    assert.match(troubles.at(-1) ?? '', /^http\.auth\.bearer: ENOENT: no such file/)
    // The other way in stays open.
    assert.ok(access({ basic, bearer: { file: path } }).allows(basicOf('lb:open sesame')))
  })

  /** A server as agents have it, while `work` goes on. */
  const serving = async (
    { auth, tls }: { auth?: HttpAuth; tls?: HttpTls },
    work: (port: number) => Promise<void>,
  ): Promise<void> => {
    const server = await serveNetwork({
      ...{ host: '127.0.0.1', port: 0, names: [], streams: {}, onCertificate: () => undefined },
      access: access(auth),
      certificate: tls && readCertificate(tls),
      onError: (error) => assert.fail(error),
      routes: { '/api/v1/status': async () => ({ contentType: 'application/json', body: '{"fine":true}' }) },
    })
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    try {
      await work(address.port)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  }
  const FINE: PeerAnswer = { kind: 'answer', value: { fine: true } }
  const asked = (port: number, auth?: HttpAuth, tls?: HttpTls, name = 'lb1') =>
    createAskPeer({ port, auth, tls })({ name, address: '127.0.0.1' }, 2_000)

  test('agents with the same credentials answer each other; others are told what is wrong', async () => {
    for (const auth of [
      { basic, bearer: undefined },
      { basic: undefined, bearer },
    ])
      await serving({ auth }, async (port) => {
        assert.deepEqual(await asked(port, auth), FINE)
        const other = { basic: undefined, bearer: { file: file('other', 'other') } }
        assert.deepEqual(await asked(port, other), {
          kind: 'silent',
          reason: 'it wants credentials, and not those of this agent.yaml (http.auth)',
        })
        assert.deepEqual(await asked(port), {
          kind: 'silent',
          reason: 'it wants credentials, and this agent.yaml has none (http.auth)',
        })
        const missing = { basic: undefined, bearer: { file: join(directory, 'missing') } }
        const answer = await asked(port, missing)
        assert.match(answer.kind === 'silent' ? answer.reason : '', /^it was not asked: ENOENT/)
      })
  })

  test('with a certificate that all nodes share they ask each other by https', async () => {
    await serving({ tls: shared }, async (port) => {
      assert.deepEqual(await asked(port, undefined, shared), FINE)
      // Known by its address, whatever its name.
      assert.deepEqual(await asked(port, undefined, shared, 'lb9'), FINE)
      const other = await createCertificate(directory, 'other', ['DNS:lb1'])
      const stranger = await asked(port, undefined, { ...other, authority: other.certificate })
      assert.deepEqual(stranger, {
        kind: 'silent',
        reason: 'its certificate is not trusted (http.tls.authority): self-signed certificate',
      })
      assert.deepEqual(await asked(port), { kind: 'silent', reason: 'socket hang up' })
    })
    const named = await createCertificate(directory, 'named', ['DNS:lb7'])
    const tls = { ...named, authority: named.certificate }
    await serving({ tls }, async (port) => {
      assert.deepEqual(await asked(port, undefined, tls, 'lb7'), FINE)
      assert.deepEqual(await asked(port, undefined, tls, 'lb1'), {
        kind: 'silent',
        reason: 'its certificate names neither lb1 nor 127.0.0.1',
      })
    })
  })

  test('whoever speaks no TLS to a port that does gets nothing and is hung up on', async () => {
    await serving({ tls: shared }, async (port) => {
      const answer = await new Promise<string>((resolve) => {
        let text = ''
        const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: lb1\r\n\r\n'))
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1')
        })
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(text))
      })
      assert.doesNotMatch(answer, /HTTP\/1\.1 200/)
    })
  })

  test('a renewed certificate is taken, half of one is not', async () => {
    const [old, next] = [
      await createCertificate(directory, 'old', ['DNS:lb1']),
      await createCertificate(directory, 'next', ['DNS:lb1']),
    ]
    const certificate = readCertificate({ ...old, authority: old.certificate })
    assert.equal(certificate.renewed(), undefined)
    copyFileSync(next.certificate, old.certificate)
    assert.throws(() => certificate.renewed(), /key values mismatch/)
    copyFileSync(next.key, old.key)
    assert.ok(certificate.renewed() !== undefined)
    assert.equal(certificate.renewed(), undefined)
  })
})
