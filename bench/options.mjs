import { parseArgs } from 'node:util'
import { PEERS } from './peers.mjs'

export const SCENARIOS = {
  room: () => import('./scenarios/room.mjs'),
  many: () => import('./scenarios/many.mjs'),
  single: () => import('./scenarios/single.mjs'),
  latency: () => import('./scenarios/latency.mjs'),
  memory: () => import('./scenarios/memory.mjs'),
  growth: () => import('./scenarios/growth.mjs'),
  'hot-client': () => import('./scenarios/hot-client.mjs'),
  gateway: () => import('./scenarios/gateway.mjs'),
  observing: () => import('./scenarios/observing.mjs'),
  'redis-cluster': () => import('./scenarios/redis-cluster.mjs'),
}
/** How much of the time each needs, relative to the others: about the seconds of five rounds. */
export const SHARES = {
  room: 57,
  many: 20,
  single: 38,
  latency: 32,
  memory: 66,
  growth: 70,
  'hot-client': 18,
  gateway: 60,
  observing: 60,
  'redis-cluster': 57,
}
const NAMES = Object.keys(SCENARIOS)
/** Those that compare us with others; the rest, with ourselves, when they are asked for. */
const DEFAULT = NAMES.slice(0, 7)
const PEER_NAMES = PEERS.map(({ name }) => name)

export const HELP = `Usage: npm run bench -- [options]

  --scenario <name,…>     ${NAMES.map((name, i) => `${i + 1} ${name}`).join(', ')} (default: the
                          first ${DEFAULT.length}; numbers do too)
  --peers <name,…>        ${PEER_NAMES.join(', ')} (default: all that a scenario compares)
  --runs <n>              runs of each, interleaved; medians are shown (default: 5)
  --minutes <n>           past each scenario's share of it no further round begins (default: 4.5)
  --size <factor>         multiplies the number of subscribers (default: 1)
  --load-processes <n>    processes that hold the subscribers (default: 2)
  --help

Ratios hold within one run. Needs redis-server 7+ and a build (npm run build).
`

/** @param {string[]} args */
export function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        scenario: { type: 'string', default: DEFAULT.join(',') },
        peers: { type: 'string', default: PEER_NAMES.join(',') },
        runs: { type: 'string', default: '5' },
        minutes: { type: 'string', default: '4.5' },
        size: { type: 'string', default: '1' },
        'load-processes': { type: 'string', default: '2' },
        help: { type: 'boolean', default: false },
      },
    })
    return {
      scenarios: values.scenario
        .split(',')
        .map((given) => known('scenario', NAMES[Number(given) - 1] ?? given, NAMES)),
      peers: values.peers.split(',').map((given) => known('peer', given, PEER_NAMES)),
      runs: positive('--runs', values.runs, true),
      minutes: positive('--minutes', values.minutes, false),
      size: positive('--size', values.size, false),
      loadProcesses: positive('--load-processes', values['load-processes'], true),
      help: values.help,
    }
  } catch (error) {
    return { problem: error.message }
  }
}

function known(kind, given, names) {
  if (!names.includes(given))
    throw new Error(`There is no ${kind} "${given}"; there are: ${names.join(', ')}.`)
  return given
}

function positive(flag, text, whole) {
  const value = Number(text)
  if (!(value > 0) || (whole && !Number.isInteger(value))) {
    throw new Error(`${flag} must be a ${whole ? 'whole ' : ''}number above 0; it is "${text}".`)
  }
  return value
}
