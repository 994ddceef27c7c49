import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The built program: what runs on a balancer, by itself and in the lab. */
export type Program = { directory: string; node: string; bundle: string; launcher: string }

/** This very bundle, or from source the one that `make build` leaves in dist. Throws when there is none. */
export function builtProgram(): Program {
  const here = import.meta.dirname
  const directory = existsSync(join(here, 'lb-agent.mjs')) ? here : join(here, '../dist')
  const bundle = join(directory, 'lb-agent.mjs')
  if (!existsSync(bundle)) throw new Error(`${bundle} does not exist; it is made by: make build`)
  return { directory, node: process.execPath, bundle, launcher: join(directory, 'lb-agent') }
}
