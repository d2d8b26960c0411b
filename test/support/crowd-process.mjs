/**
 * A process that holds many clients: plain JavaScript, since Node 20 starts processes from nothing else; `crowd.ts` starts
 * it and says what goes in and out.
 */
import { WebSocket } from 'ws'

let placements = []
/** By code, and by what failed. */
const closes = {}

/** One client that is acknowledged and subscribed; answers pings, as all clients do. */
function connect(url, identifier) {
  const socket = new WebSocket(url, 'graphql-transport-ws')
  let failure = ''
  socket.on('error', (error) => {
    failure = ` ${error.message}`
  })
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString())
    if (message.type === 'ping') socket.send(JSON.stringify({ ...message, type: 'pong' }))
    if (message.type !== 'connection_ack') return
    placements.push({ at: Date.now(), replicaId: message.payload.replica.id })
    const payload = {
      query: 'subscription Crowd($identifiers: [ID!]!) { messages(identifiers: $identifiers) { id } }',
      variables: { identifiers: [identifier] },
    }
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }))
  })
  socket.on('close', (code) => {
    const why = `${code}${failure}`
    closes[why] = (closes[why] ?? 0) + 1
  })
}

setInterval(() => {
  process.send({ placements, closes })
  placements = []
}, 200)

process.on('message', ({ url, clients, perSecond, name }) => {
  const startedAt = Date.now()
  let begun = 0
  const clock = setInterval(() => {
    const due = Math.min(clients, Math.ceil(((Date.now() - startedAt) / 1_000) * perSecond))
    for (; begun < due; begun++) connect(url, `${name}:${begun}`)
    if (begun === clients) clearInterval(clock)
  }, 10)
})
process.on('disconnect', () => process.exit())
