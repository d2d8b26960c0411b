import { interleave } from '../measure.mjs'
import * as many from './many.mjs'
import * as room from './room.mjs'
import * as single from './single.mjs'

export const title = 'Redis Cluster of three masters, against one Redis'
export const about =
  'cloudpush on each, the first three scenarios. The masters share the processors with all the rest: what is measured is what a ' +
  'Cluster costs, not what its machines would bring.'
export const targets = ['cluster: ≥ 0.6 × standalone']
export const references = ['standalone']

const MODES = /** @type {const} */ (['standalone', 'cluster'])

/** One scenario after the other, so that no more than two of each wait. @param {import('../measure.mjs').Bench} bench */
export async function run(bench) {
  const cloudpush = bench.peers.find(({ name }) => name === 'cloudpush')
  if (!cloudpush) return []
  const rows = []
  for (const [name, { open }] of Object.entries({ room, many, single })) {
    const entries = MODES.map((redisMode) => {
      const peer = { ...cloudpush, name: redisMode }
      return { peer, open: () => open(bench, { peer, redisMode }) }
    })
    for (const row of await interleave(bench, entries)) {
      rows.push({ ...row, variant: `${name}, ${row.variant}` })
    }
  }
  return rows
}
