import { setPriority } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { runAgent } from '../agent.ts'
import { openStateFiles } from '../apply/apply-state.ts'
import { takeLock } from '../apply/lock.ts'
import { createReleaseStore } from '../apply/release-store.ts'
import { viewCluster } from '../cluster.ts'
import { drain, undrain } from '../drain.ts'
import { watchProgram } from '../host/program-watch.ts'
import { createServiceManager } from '../host/service-manager.ts'
import { becomeProgram, tryProgram } from '../host/take-over.ts'
import { createAgentLog, readLogSettings } from '../log/agent-log.ts'
import { cleanWords } from '../log/clean-record.ts'
import { createLogOutput, type LogOutput } from '../log/log-output.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { openNetwork } from '../open-network.ts'
import { createParts } from '../parts.ts'
import { createPassLog } from '../pass-log.ts'
import { builtProgram } from '../program.ts'
import { createSchedule } from '../schedule.ts'
import { createSecrets, type Secrets } from '../secrets.ts'
import { createSeen, essenceOf } from '../seen.ts'
import { serveControl } from '../serve/control.ts'
import { controlSocketOf } from '../serve/control-socket.ts'
import { createLive } from '../serve/live.ts'
import type { AgentConfig } from '../spec/agent-config.ts'
import { statusOf } from '../status.ts'
import { createStop } from '../stop-daemons.ts'
import { resume, suspend } from '../suspend.ts'
import { releaseEndOf } from '../timeline/release-end.ts'
import type { Troubles } from '../troubles.ts'
import { version } from '../version.ts'
import { whyOf } from '../why.ts'
import { whyStuck } from '../why-stuck.ts'
import { readAgentConfig } from './read-config.ts'
import { refuse } from './refuse.ts'
import { whatIsMissing } from './what-is-missing.ts'

const STDOUT = 1

/**
 * The daemon. Ends on SIGTERM and SIGINT; HAProxy and keepalived go on serving. Becomes the program on the disk when that
 * is another version.
 */
export async function run(options: { config: string }): Promise<number> {
  const logging = readLogSettings(process.env)
  if (logging.kind === 'wrong') return refuse(logging.reason)
  const config = readAgentConfig(options.config)
  const missing = whatIsMissing(config)
  if (missing !== undefined) return refuse(missing, { code: 1 })
  const lock = takeLock(join(config.paths.state, 'lock'))
  if (lock.kind === 'busy') {
    console.error(
      `lb-agent: another agent (pid ${lock.holder || 'unknown'}) works on ${config.paths.state}; nothing was started`,
    )
    return 75
  }
  const secrets = createSecrets()
  const output = createLogOutput(STDOUT)
  const { log, close } = await createAgentLog(logging.settings, secrets, output)
  hurry()
  const ending = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort())

  const giveUp = (error: Error): never => {
    log.fatal({ err: error }, 'lb-agent cannot go on; haproxy and keepalived do')
    console.error(`lb-agent: ${cleanWords(error.message, secrets.hide)}; haproxy and keepalived go on`)
    // Servers and timers of a half-made agent must not keep it, and its lock, alive.
    process.exit(1)
  }
  // A mistake of ours ends the agent as it always would, but its words go through the log as well.
  process.on('uncaughtException', giveUp)

  try {
    const end = await serve(config, { log, secrets, output }, ending)
    // Whoever wants it to end while it gives way gets that.
    if (end.kind === 'gives way' && !ending.signal.aborted) {
      const to = end.successor()
      // Replaced once more meanwhile: nobody has tried what lies there now. systemd starts it as it starts any.
      if (to === undefined) throw new Error('the program on the disk has changed once more while it was to take over')
      log.info({ from: version(), to }, 'another version of lb-agent takes over; haproxy and keepalived go on')
      close()
      return becomeProgram(builtProgram(), process.argv.slice(2))
    }
    log.info(
      end.kind === 'stopped'
        ? 'lb-agent ended; haproxy and keepalived were stopped'
        : 'lb-agent ended; haproxy and keepalived go on',
    )
    return 0
  } catch (error) {
    return giveUp(error as Error)
  } finally {
    close()
    output.close()
    lock.release()
  }
}

/** Whether `run` could start here, without doing anything: prints the version, or why not. */
export async function tryOut(options: { config: string }): Promise<number> {
  try {
    const config = readAgentConfig(options.config)
    const missing = whatIsMissing(config)
    if (missing !== undefined) throw new Error(missing)
    const state = await openStateFiles(config.paths.state)
    await state.readJournal()
    const { applied } = state.current()
    if (applied !== null) await createReleaseStore(join(config.paths.state, 'releases')).get(applied.release)
    console.log(version())
    return 0
  } catch (error) {
    console.error((error as Error).message)
    return 1
  }
}

/** `successor`: as it is when it is asked. */
type End = { kind: 'ended' | 'stopped' } | { kind: 'gives way'; successor(): string | undefined }

/** The agent with its doors: the control socket and the status on the network. `stopped`: the daemons have ended as well. */
async function serve(
  config: AgentConfig,
  { log, secrets, output }: { log: Logger; secrets: Secrets; output: LogOutput },
  ending: AbortController,
): Promise<End> {
  const startedAtMs = Date.now()
  const metrics = createMetrics(startedAtMs)
  const parts = await createParts(config, { log, secrets, onAnswer: metrics.counted.answered })
  watchOutput(output, parts.troubles, log)
  metrics.counted.earlier(parts.timeline.latest(1_000))
  parts.timeline.onEvent(metrics.counted.event)
  const schedule = createSchedule(() => program.successor() !== undefined && !control.isBusy())
  const onDisk = builtProgram()
  const program = watchProgram({
    files: [onDisk.launcher, onDisk.bundle, onDisk.node],
    running: version(),
    tryOut: () => tryProgram(onDisk, process.argv.slice(2)),
    onSuccessor: schedule.look,
    ...{ troubles: parts.troubles, log },
  })
  const passes = createPassLog(parts.now, parts.words, log, (pass, finished) => {
    const end = releaseEndOf(pass, finished)
    if (end !== undefined) parts.timeline.add(end)
    metrics.counted.pass(pass)
  })
  const status = async () => {
    const agent = { version: version(), onDisk: program.onDisk() ?? null, startedAtMs, nextInMs: schedule.nextInMs() }
    return statusOf(parts, passes, agent)
  }
  const ask = (request: Omit<Parameters<typeof schedule.request>[0], 'done'>) =>
    new Promise<void>((done) => schedule.request({ ...request, done }))
  const stopping = createStop()
  const control = await serveControl(controlSocketOf(config), {
    status,
    cluster: async () => await viewCluster(await status(), parts.askPeer),
    why: async (vip) => whyOf(parts, vip),
    sync: ({ restore, ...flags }, onProgress) => ask({ cause: restore ? 'restore' : 'sync', ...flags, onProgress }),
    rollback: (onProgress) => ask({ cause: 'rollback', retry: true, acceptRewind: true, onProgress }),
    drain: async (request, line) => line({ result: await drain(parts, request, line, ending.signal) }),
    undrain: (vip) => undrain(parts, vip),
    suspend: (request) => suspend(parts, passes, request),
    resume: () =>
      resume(parts, () => void ask({ cause: 'sync', retry: false, acceptRewind: false, onProgress: () => undefined })),
    stop: async () => {
      // A better node takes the VIPs before anything stops.
      await drain(parts, { vip: undefined, forMs: undefined, forStop: true }, () => undefined, ending.signal)
      // First the agent's own work, which would start again what is stopped.
      ending.abort()
      await stopping.wanted()
    },
    end: stopping.answered,
  })
  const live = createLive(createSeen(parts, passes, status), essenceOf)
  parts.timeline.onEvent(live.poke)
  const network = await openNetwork(parts, { status, metrics, live })
  log.info({ node: config.node, version: version(), pid: process.pid }, 'lb-agent started')
  parts.timeline.add({ kind: 'agent', what: 'started', version: version() })
  // Before anything is reloaded: systemd may make that wait for this unit's start.
  const manager = createServiceManager(process.env, (reason) => log.warn({ reason }, 'systemd could not be told'))
  await manager.ready(`node ${config.node}`)
  manager.watch(() => whyStuck(parts, schedule) === undefined)

  await runAgent(parts, schedule, passes, ending.signal)
  const end: End = ending.signal.aborted ? { kind: 'ended' } : { kind: 'gives way', successor: program.successor }
  program.close()
  manager.close()
  // For systemd a process that becomes another program has neither ended nor begun.
  if (end.kind === 'ended') await manager.stopping()
  const isStopped = await stopping.carryOut(parts.units)
  parts.timeline.add({ kind: 'agent', what: 'ended', version: version() })
  live.close()
  for (const server of [control.server, network]) {
    server?.close()
    server?.closeAllConnections()
  }
  await parts.close()
  return isStopped ? { kind: 'stopped' } : end
}

function watchOutput(output: LogOutput, troubles: Pick<Troubles, 'raise' | 'clear'>, log: Logger): void {
  output.onChange((state) => {
    if (state.kind === 'failing') {
      const text = `the log cannot be written: ${state.reason}; some of its lines wait for room, and more are left out`
      troubles.raise('log', text)
      return
    }
    troubles.clear('log')
    log.warn({ about: 'log', linesLost: state.leftOut }, 'the log can be written again')
  })
}

/** The front door comes before whatever else runs here; the daemons inherit it. The unit of systemd has Nice= for it. */
function hurry(): void {
  try {
    setPriority(-15)
  } catch {
    // Not root: as fast as everybody else.
  }
}
