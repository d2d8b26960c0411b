// Socket.IO with its Redis adapter; rooms; WebSocket transport only.
// https://socket.io/docs/v4/redis-adapter/
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { listen } from './listen.mjs'
import { onPush } from './on-push.mjs'

const publisher = new Redis(process.env.REDIS_URL)
const server = createServer(onPush(({ to, payload }) => io.to(to).emit('message', payload)))
const io = new Server(server, {
  adapter: createAdapter(publisher, publisher.duplicate()),
  transports: ['websocket'],
  serveClient: false,
})
io.on('connection', (socket) => {
  socket.on('join', async (rooms, joined) => {
    await socket.join(rooms)
    joined()
  })
})
listen(server)
