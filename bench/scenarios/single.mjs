import { interleave, openBursts } from '../measure.mjs'

export const title = 'Single: each push names one of 1,000 identifiers, one subscriber each'
export const about = '32 HTTP connections; or one WebSocket with 256 mutations on their way.'
export const targets = ['HTTP: ≥ 1.5 × docs-stack', 'WebSocket: ≥ 4 × docs-stack over HTTP']

const COMPARED = ['cloudpush', 'bridge', 'docs-stack', 'apollo']
const ALSO_OVER_WEBSOCKET = ['cloudpush', 'docs-stack']

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  return interleave(
    bench,
    bench.peers
      .filter(({ name }) => COMPARED.includes(name))
      .map((peer) => ({
        peer,
        open: () =>
          openBursts(
            { peer, subscribers, identifiers: subscribers, loadProcesses: bench.loadProcesses },
            {
              HTTP: { connections: 32 },
              ...(ALSO_OVER_WEBSOCKET.includes(peer.name) && {
                WebSocket: { via: 'websocket', connections: 256 },
              }),
            },
            { first: subscribers, multiple: subscribers },
          ),
      })),
  )
}
