import { interleave, openBursts } from '../measure.mjs'

export const title = 'Single: each push names one of 1,000 identifiers, one subscriber each'
export const about = '32 HTTP connections; or one WebSocket with 256 mutations on their way.'
export const targets = ['HTTP: ≥ 1.5 × docs-stack', 'WebSocket: ≥ 4 × docs-stack over HTTP']

const COMPARED = ['cloudpush', 'bridge', 'docs-stack', 'apollo']
const ONLY_OVER_HTTP = ['bridge', 'apollo']

/**
 * @param {import('../measure.mjs').Bench} bench
 * @param {Partial<import('../arena.mjs').ArenaOptions> & { peer: import('../peers.mjs').Peer }} arena
 */
export function open(bench, arena) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  return openBursts(
    { subscribers, identifiers: subscribers, loadProcesses: bench.loadProcesses, ...arena },
    {
      HTTP: { connections: 32 },
      ...(!ONLY_OVER_HTTP.includes(arena.peer.name) && {
        WebSocket: { via: 'websocket', connections: 256 },
      }),
    },
    { first: subscribers, multiple: subscribers },
  )
}

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const compared = bench.peers.filter(({ name }) => COMPARED.includes(name))
  return interleave(
    bench,
    compared.map((peer) => ({ peer, open: () => open(bench, { peer }) })),
  )
}
