import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { readDesired } from '../../src/cli/read-desired.ts'
import { firewallVerdict } from '../../src/doctor/verdicts/firewall.ts'
import { describeFailure, exec, succeeded } from '../../src/exec.ts'
import { parseFirewallOptions, type WrittenOptions } from '../../src/firewall/options.ts'
import { firewallText } from '../../src/firewall/text.ts'
import type { Spec } from '../../src/spec/spec.ts'
import { commandsOf, STRICT } from '../support/firewall.ts'
import { missingForDaemons, missingPrograms } from '../support/requirements.ts'

const GOLDEN = 'test/golden/cases'
const EXAMPLES = ['examples/k3s-ha', 'examples/one-pair', 'examples/dual-stack']

type Mode = Omit<WrittenOptions, 'port'>
const INTO: Mode = { scraper: [], into: 'inet filter input' }
const MODES: Readonly<Record<string, Mode>> = {
  'a table of its own': { scraper: ['10.0.0.5,10.0.0.0/24', 'fd00::5/64'] },
  'chains of a strict host': { ...INTO, scraper: ['10.0.0.5,fd00::5'], intoOutput: 'inet filter output' },
}

const skip = missingForDaemons() || missingPrograms('nft', 'unshare')

suite('nft and the files for it', { skip, timeout: 120_000 }, () => {
  let directory = ''
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'lb-agent-nft-'))
    writeFileSync(join(directory, 'strict.nft'), STRICT)
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  /** Writes a file of the first node of an lb.yaml. */
  const write = (path: string, mode: Mode, file = 'lb-agent.nft'): string => {
    const text = textOf(specOf(path), mode)
    writeFileSync(join(directory, file), text)
    return text
  }
  /** Runs a script of bash in a network namespace of its own, and gives what it printed. */
  const apart = async (script: string): Promise<string> => {
    const argv = ['--net', 'bash', '-euo', 'pipefail', '-c', `cd ${directory}; ${script}`]
    const result = await exec('unshare', argv, { timeoutMs: 20_000 })
    assert.ok(succeeded(result), `${script}: ${describeFailure(result)}`)
    return result.stdout.toString('utf8')
  }

  for (const [name, mode] of Object.entries(MODES)) {
    test(`${name}: nft takes the file of every example, and the doctor finds VRRP let through`, async () => {
      for (const path of [...EXAMPLES, ...readdirSync(GOLDEN).map((golden) => join(GOLDEN, golden))]) {
        write(path, mode)
        const strict = mode.into === undefined ? '' : 'nft -f strict.nft;'
        const json = await apart(`${strict} nft -c -f lb-agent.nft; nft -f lb-agent.nft; nft -j list ruleset`)
        // A node that is alone hears nobody; the doctor does not ask there.
        const [, ...peers] = specOf(path).nodes
        if (peers.length === 0) continue
        const known = specOf(path).vrrp.transport === 'unicast' ? peers : []
        const ok = { kind: 'ok', why: 'No rule drops VRRP (protocol 112), in or out.' }
        assert.deepEqual(firewallVerdict({ kind: 'rules', json, legacy: [] }, familiesOf(path), known, 'apt'), ok, path)
      }
    })

    test(`${name}: loaded again and again as the file says, and undone, it leaves nothing behind`, async () => {
      const { load, undo } = commandsOf(write('examples/k3s-ha', mode), 'lb-agent.nft')
      const list = 'nft list ruleset'
      const ruleset = await apart(`nft -f strict.nft; ${list} > before
${load}; ${list} > once; ${load}; ${load}; ${list} | diff once -
${undo}; ${list} | diff before -; cat once`)
      assert.equal(jumpsIn(ruleset), mode.into === undefined ? 0 : 1)
    })
  }

  test('the doctor names a node that has come since the file was loaded', async () => {
    const come = { name: 'lb9', address: '10.17.3.19' }
    for (const [mode, fix] of [
      [{ scraper: [] }, 'lb-agent firewall PATH'],
      [INTO, "lb-agent firewall PATH --into 'inet filter input'"],
    ] as const) {
      write('examples/k3s-ha', mode)
      const strict = mode === INTO ? 'nft -f strict.nft; nft delete chain inet filter output;' : ''
      const json = await apart(`${strict} nft -f lb-agent.nft; nft -j list ruleset`)
      const [, ...peers] = specOf('examples/k3s-ha').nodes
      const told = firewallVerdict({ kind: 'rules', json, legacy: [] }, ['ip'], [...peers, come], 'apt')
      assert.ok(told.kind === 'problem')
      assert.match(
        told.why,
        /^chain input of table inet (?:filter|lb_agent) \(input\) accepts VRRP \(protocol 112\) from some addresses, and drops that of lb9 \(10\.17\.3\.19\): each believes to be alone\.$/,
      )
      assert.equal(told.fix, `${fix} prints the rules for lb.yaml as it is now: load them again`)
    }
  })

  test('included in a whole ruleset that is loaded again and again, there is one jump', async () => {
    write('examples/k3s-ha', INTO)
    const load = 'nft -f all.nft'
    const ruleset = await apart(`{ echo flush ruleset; cat strict.nft; echo 'include "./lb-agent.nft"'; } > all.nft
${load}; ${load}; nft list ruleset`)
    assert.equal(jumpsIn(ruleset), 1)
  })

  test('what an earlier lb.yaml had is gone after a load', async () => {
    write('examples/k3s-ha', INTO, 'old.nft')
    const { load } = commandsOf(write('examples/one-pair', INTO), 'lb-agent.nft')
    const ruleset = await apart(`nft -f strict.nft; nft -f old.nft; ${load}; nft list ruleset`)
    assert.doesNotMatch(ruleset, /10\.17\.5\./)
    assert.equal(jumpsIn(ruleset), 1)
  })

  test('a table of family ip is given no word of IPv6, and nft takes it', async () => {
    write('examples/dual-stack', { scraper: ['fd00::5', '10.0.0.5'], into: 'ip filter INPUT' })
    const chain = 'add chain ip filter INPUT { type filter hook input priority 0; policy drop; }'
    const ruleset = await apart(`nft 'add table ip filter; ${chain}'
nft -f lb-agent.nft; nft list chain ip filter lb_agent`)
    assert.equal(
      ruleset,
      `table ip filter {
	chain lb_agent {
		ip daddr 10.17.5.10 tcp dport 80 accept comment "http"
		ip daddr 10.17.5.10 tcp dport 443 accept comment "https"
		ip saddr 10.0.0.5 tcp dport 9853 accept comment "scraper"
	}
}
`,
    )
  })
})

function specOf(path: string): Spec {
  const desired = readDesired(path)
  assert.ok(desired.kind === 'desired', JSON.stringify(desired))
  return desired.spec
}

/** Of which families the adverts of its VIPs are. */
function familiesOf(path: string): ('ip' | 'ip6')[] {
  const vips = specOf(path).vips.map(({ address }) => address.includes(':'))
  return [...(vips.includes(false) ? (['ip'] as const) : []), ...(vips.includes(true) ? (['ip6'] as const) : [])]
}

function textOf(spec: Spec, mode: Mode): string {
  const read = parseFirewallOptions({ port: '9853', ...mode })
  const [node] = spec.nodes
  assert.ok(read.kind === 'options' && node !== undefined, JSON.stringify(read))
  return firewallText(spec, node, read.options)
}

function jumpsIn(ruleset: string): number {
  return ruleset.match(/jump lb_agent\n/g)?.length ?? 0
}
