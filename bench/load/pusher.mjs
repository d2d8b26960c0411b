// A process that pushes: over HTTP keep-alive connections, one request at a time each, or over one WebSocket with many
// operations under way. As fast as the server answers, or at a fixed rate that waits for nobody (open loop).
import { connect } from 'node:net'
import { DIALECTS } from './dialects.mjs'
import { openHttpPusher } from './http-pusher.mjs'
import { openWebSocketPusher } from './websocket-pusher.mjs'

/** Makes about 150 bytes of the payload, `sentAt` with it. */
const FILLING = 'The quick brown fox jumps over the lazy dog, and the dog, being lazy, lets it. '
  .repeat(2)
  .slice(0, 117)

/** Microseconds of the machine's monotonic clock: the same for all processes. */
function now() {
  return Number(process.hrtime.bigint() / 1000n)
}

/**
 * @param {{ ports: number[], dialect: string, via: 'http' | 'websocket', connections: number, count: number,
 *   identifiers: number, perPush: number, ratePerSecond?: number }} order push `i` goes to `perPush` of the
 *   `identifiers`, in turn
 */
async function push({ ports, dialect, via, connections, count, identifiers, perPush, ratePerSecond }) {
  const speech = DIALECTS[dialect]
  const port = ports[0]
  const pushers =
    via === 'websocket'
      ? [await openWebSocketPusher(connect, port, speech, connections)]
      : await Promise.all(
          Array.from({ length: connections }, (_, i) => openHttpPusher(connect, ports[i % ports.length])),
        )
  const targets = new Map()
  const target = (i) => {
    const first = (i * perPush) % identifiers
    const known = targets.get(first)
    if (known) return known
    const to = Array.from({ length: perPush }, (_, n) => `u${(first + n) % identifiers}`)
    const made = { path: speech.pushPath(to), json: JSON.stringify(to) }
    targets.set(first, made)
    return made
  }
  const startedAt = now()
  let next = 0
  const dueAt = (i) => startedAt + (i * 1e6) / ratePerSecond
  const one = async (send) => {
    const i = next++
    const { path, json } = target(i)
    // At a fixed rate the time it was due, not when a connection was free: waiting is part of the latency.
    const sentAt = ratePerSecond ? Math.round(dueAt(i)) : now()
    await send(path, speech.pushBody(json, `{"text":"${FILLING}","sentAt":${sentAt}}`))
  }
  const work = async (send) => {
    while (next < count) {
      if (ratePerSecond && dueAt(next) > now()) await new Promise((due) => setTimeout(due, 1))
      else await one(send)
    }
  }
  await Promise.all(pushers.flatMap(({ send, lanes }) => Array.from({ length: lanes }, () => work(send))))
  const endedAt = now()
  for (const pusher of pushers) pusher.close()
  return { startedAt, endedAt }
}

process.on('message', (order) =>
  push(order).then(
    (done) => process.send(done),
    (error) => process.send({ error: error.message }),
  ),
)
process.on('disconnect', () => process.exit())
