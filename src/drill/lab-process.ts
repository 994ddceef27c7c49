import { runLabClient } from './lab-client.ts'
import { runLabServer } from './lab-server.ts'

// The lab's own processes straight from source: what the verbs lab-server and lab-client of main.ts start, without a build.
const [verb, options = ''] = process.argv.slice(2)
if (verb === 'lab-server') await runLabServer(options)
else if (verb === 'lab-client') runLabClient(options)
else throw new Error(`no process of the lab is called ${verb}`)
