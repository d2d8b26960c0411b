/**
 * How a steering point chooses. Each policy makes, for one steering point, a function that answers a replica's id from
 * what that point knows: `view()`, the loads as it last heard them. `except`: ids that were just seen to refuse.
 */
import { createChooser } from '../../dist/cluster/choice.js'

const accepts = (replica, except) =>
  replica.state === 'UP' && replica.sessions < replica.capacity && !except.has(replica.id)

/** Cloudpush: `src/cluster/choice.ts` and `weight.ts` themselves. */
function cloudpush({ view, random, now }) {
  const chooser = createChooser({ registry: { replicas: view }, random, now })
  return (except) => chooser.choose(null, except)?.replica.id
}

/** The one with the fewest sessions of those loads, which is where every other point goes as well. */
function leastConnections({ view, random }) {
  return (except) => {
    let best
    let ties = 0
    for (const replica of view()) {
      if (!accepts(replica, except)) continue
      if (!best || replica.sessions < best.sessions) {
        best = replica
        ties = 1
      } else if (replica.sessions === best.sessions && random() < 1 / ++ties) best = replica
    }
    return best?.id
  }
}

/** Any that accepts. */
function uniform({ view, random }) {
  return (except) => {
    const open = view().filter((replica) => accepts(replica, except))
    return open[Math.floor(random() * open.length)]?.id
  }
}

const TABLE_MS = 60_000

/**
 * The system that Cloudpush re-creates: one table of weights for all, made every 60 s from connection counts. Where
 * replicas have no connection at all, they get all the weight; else the weight of one is what the others hold.
 */
function original({ loads, random, now, shared }) {
  return (except) => {
    if (now() >= (shared.madeAt ?? Number.NEGATIVE_INFINITY) + TABLE_MS) {
      shared.madeAt = now()
      const up = loads().filter((replica) => accepts(replica, new Set()))
      const empty = up.filter(({ sessions }) => sessions === 0)
      const total = up.reduce((sum, { sessions }) => sum + sessions, 0)
      shared.table = (empty.length > 0 ? empty : up).map(({ id, sessions }) => ({
        id,
        weight: empty.length > 0 || up.length === 1 ? 1 : total - sessions,
      }))
    }
    const open = shared.table.filter(({ id }) => !except.has(id))
    let rest = random() * open.reduce((sum, { weight }) => sum + weight, 0)
    for (const { id, weight } of open) {
      rest -= weight
      if (rest < 0) return id
    }
    // All that the table names are gone: who is turned away finds any other.
    return loads().find((replica) => accepts(replica, except))?.id
  }
}

export const POLICIES = [
  { name: 'cloudpush', title: 'Cloudpush', create: cloudpush },
  { name: 'least', title: 'least connections', create: leastConnections },
  { name: 'uniform', title: 'uniform random', create: uniform },
  { name: 'original', title: 'the original’s rule', create: original },
]
