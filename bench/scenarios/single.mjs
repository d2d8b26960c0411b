import { interleave, openBursts } from '../measure.mjs'

export const title = 'Single: each push names one of 1,000 identifiers, one subscriber each'
export const about = '32 HTTP connections; or one WebSocket with 256 mutations on their way.'
export const targets = ['HTTP: ≥ 1.5 × docs-stack', 'WebSocket: ≥ 4 × docs-stack over HTTP']
const HTTP = ['cloudpush', 'bridge', 'docs-stack', 'apollo', 'mercurius', 'socketio']
const WEBSOCKET = ['cloudpush', 'docs-stack']

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  const entry = (peer, variant, push) => ({
    variant,
    peer,
    open: () =>
      openBursts({ peer, subscribers, identifiers: subscribers, loadProcesses: bench.loadProcesses }, push, {
        first: subscribers,
        multiple: subscribers,
      }),
  })
  const named = (names) => bench.peers.filter(({ name }) => names.includes(name))
  return interleave(bench, [
    ...named(HTTP).map((peer) => entry(peer, 'HTTP', { connections: 32 })),
    ...named(WEBSOCKET).map((peer) => entry(peer, 'WebSocket', { via: 'websocket', connections: 256 })),
  ])
}
