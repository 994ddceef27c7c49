// Runs each of some commands in turn, many times, and prints what each took: wall time of every call, mean processor time.
//   node time-commands.ts CALLS '{"name": ["argv", …], …}'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const [calls = '1', json = '{}'] = process.argv.slice(2)
const commands: Record<string, string[]> = JSON.parse(json)
const times: Record<string, { wallMs: number[]; cpuMs: number; code: number | null }> = {}
for (const name of Object.keys(commands)) times[name] = { wallMs: [], cpuMs: 0, code: 0 }

for (let call = 0; call < Number(calls); call += 1) {
  for (const [name, [file = '', ...args]] of Object.entries(commands)) {
    const time = times[name]
    if (time === undefined) continue
    const startedAt = performance.now()
    time.code = spawnSync(file, args, { stdio: 'ignore' }).status
    time.wallMs.push(performance.now() - startedAt)
  }
}
// Processor time of children comes in ticks of 10 ms: only the sum of many calls says something.
for (const [name, [file = '', ...args]] of Object.entries(commands)) {
  const time = times[name]
  if (time === undefined) continue
  const before = childTicks()
  for (let call = 0; call < Number(calls); call += 1) spawnSync(file, args, { stdio: 'ignore' })
  time.cpuMs = (10 * (childTicks() - before)) / Number(calls)
}
console.log(JSON.stringify(times))

/** User and system time of ended children (proc_pid_stat(5), fields 16 and 17). */
function childTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[13]) + Number(fields[14])
}
