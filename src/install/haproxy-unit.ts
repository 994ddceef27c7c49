import { exec, succeeded } from '../exec.ts'
import { propertyOf } from '../show-units.ts'

const ASKS_WITHIN_MS = 5_000
const DEFAULT_PID_FILE = '/run/haproxy.pid'

/**
 * What HAProxy's unit says of itself, as far as agent.yaml must know it. One that runs as a user of its own (sysext bakery) may
 * not write in the agent's runtime directory: its socket goes where its unit lets it write.
 */
export async function readHaproxyUnit(signal: AbortSignal): Promise<{ statsSocket?: string; pidFile?: string }> {
  const properties = '--property=User,ExecStart,Environment,RuntimeDirectory'
  const shown = await exec('systemctl', ['show', '--no-pager', properties, 'haproxy.service'], {
    ...{ timeoutMs: ASKS_WITHIN_MS, signal },
  })
  return succeeded(shown) ? haproxyOfUnit(shown.stdout.toString('utf8')) : {}
}

/** `text`: lines of `systemctl show`. */
export function haproxyOfUnit(text: string): { statsSocket?: string; pidFile?: string } {
  const of = propertyOf(text)
  const written = / -p (\S+)/.exec(of('ExecStart'))?.[1]
  const environment = of('Environment')
  const pidFile =
    written?.startsWith('$') === true
      ? new RegExp(`(?:^| )"?${written.replace(/[${}]/g, '')}=([^ "]+)`).exec(environment)?.[1]
      : written
  const [directory] = of('RuntimeDirectory').split(' ')
  const isOwnUser = of('User') !== '' && of('User') !== 'root'
  return {
    ...(isOwnUser && directory !== undefined && directory !== ''
      ? { statsSocket: `/run/${directory}/lb-agent.sock` }
      : {}),
    ...(pidFile !== undefined && pidFile !== DEFAULT_PID_FILE ? { pidFile } : {}),
  }
}
