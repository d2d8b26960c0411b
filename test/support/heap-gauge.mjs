// Preloaded into a gateway process: after each SIGUSR2 it says on stderr how much its heap holds that is not garbage,
// and how much memory it has in all.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('SIGUSR2', () => {
  collect()
  // What the first collection finalised is garbage to the second.
  collect()
  process.stderr.write(`heap ${process.memoryUsage().heapUsed}\nrss ${process.memoryUsage.rss()}\n`)
})
