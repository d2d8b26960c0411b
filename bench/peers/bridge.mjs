// The bare bridge: HTTP POST → Redis PUBLISH → `ws.send` of the same bytes to each recipient. No GraphQL, nothing
// stored, no receipts: what Node can do.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { listen } from './listen.mjs'
import { onPush } from './on-push.mjs'

const publisher = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true })
const subscriber = new Redis(process.env.REDIS_URL)
/** @type {Map<string, Set<import('ws').WebSocket>>} */
const rooms = new Map()

const server = createServer(
  onPush(({ to, payload }) => {
    const text = JSON.stringify(payload)
    return Promise.all(to.map((room) => publisher.publish(room, text)))
  }),
)
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket, request) => {
  const names = new URL(request.url, 'http://bridge').searchParams.get('rooms').split(',')
  for (const name of names) {
    const members = rooms.get(name)
    if (members) members.add(socket)
    else {
      rooms.set(name, new Set([socket]))
      subscriber.subscribe(name)
    }
  }
  socket.on('close', () => {
    for (const name of names) rooms.get(name).delete(socket)
  })
})
subscriber.on('message', (name, text) => {
  for (const socket of rooms.get(name)) socket.send(text)
})
listen(server)
