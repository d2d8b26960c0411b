#!/usr/bin/env node
// `npm run bench`: every scenario against every peer in one run, as a table and as JSON.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { HELP, readOptions, SCENARIOS, SHARES } from './options.mjs'
import { PEERS } from './peers.mjs'
import { stopAll } from './processes.mjs'
import { tableOf } from './table.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const RESULTS = fileURLToPath(new URL('results/latest.json', import.meta.url))

const options = readOptions(process.argv.slice(2))
if (options.help || options.problem) {
  const stream = options.problem ? process.stderr : process.stdout
  stream.write(options.problem ? `${options.problem}\n\n${HELP}` : HELP)
  process.exit(options.problem ? 2 : 0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => stopAll().then(() => process.exit(130)))
}
if (!existsSync(new URL('node_modules', import.meta.url))) {
  process.stderr.write('Installing the peers (npm ci in bench/).\n')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

const started = Date.now()
const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`
const progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${elapsed()}  ${text}`)
}
const say = (text) => {
  progress('')
  process.stdout.write(`${text}\n`)
}

const failures = []
const peers = []
for (const peer of PEERS.filter(({ name }) => options.peers.includes(name))) {
  const reason = peer.missing()
  if (reason) say(`${peer.name}: ${reason}`)
  else peers.push(peer)
}

const scenarios = {}
const whole = options.scenarios.reduce((sum, name) => sum + SHARES[name], 0)
let share = 0
try {
  for (const name of options.scenarios) {
    share += SHARES[name]
    const lateAt = started + (options.minutes * 60_000 * share) / whole
    const { title, about, targets, references, run } = await SCENARIOS[name]()
    say(`\n${title}\n${about}`)
    const rows = await run({
      peers,
      runs: options.runs,
      size: options.size,
      loadProcesses: options.loadProcesses,
      isLate: () => Date.now() > lateAt,
      progress: (text) => progress(`${name}  ${text}`),
      failed: (peer, reason) => {
        failures.push({ scenario: name, peer, reason })
        say(`${peer} FAILED: ${reason}`)
      },
    })
    scenarios[name] = { title, targets, rows }
    say(
      `\n${rows.length > 0 ? tableOf(rows, references) : 'Nothing was measured.'}\nWanted: ${targets.join('; ')}.  (${elapsed()})`,
    )
  }
} finally {
  await stopAll()
}

const machine = { processors: availableParallelism(), model: cpus()[0]?.model, node: process.version }
await mkdir(new URL('results/', import.meta.url), { recursive: true })
await writeFile(
  RESULTS,
  `${JSON.stringify({ at: new Date().toISOString(), machine, options, failures, scenarios }, null, 2)}\n`,
)
say(`\n${elapsed()}. Written to bench/results/latest.json.`)
process.exit(failures.length > 0 ? 1 : 0)
