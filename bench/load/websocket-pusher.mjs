import { clientFrame, createFrameReader } from './frames.mjs'

/**
 * One graphql-transport-ws connection with up to `lanes` mutations under way.
 *
 * @param {typeof import('node:net').connect} connect
 * @param {number} port
 * @param {import('./dialects.mjs').Dialect} dialect
 * @param {number} lanes
 */
export async function openWebSocketPusher(connect, port, dialect, lanes) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  /** @type {Map<string, { resolve: () => void, reject: (error: Error) => void }>} */
  const waiting = new Map()
  let operations = 0
  let outgoing = []
  const say = (message) => {
    if (outgoing.length === 0) {
      setImmediate(() => {
        socket.write(Buffer.concat(outgoing))
        outgoing = []
      })
    }
    outgoing.push(clientFrame(message))
  }
  await new Promise((opened, refused) => {
    socket.on('error', refused)
    const read = createFrameReader((bytes, start, end) => {
      const { id, type, payload } = JSON.parse(bytes.toString('utf8', start, end))
      if (type === 'connection_ack') opened()
      else if (type === 'ping') say(JSON.stringify({ type: 'pong', payload }))
      else if (type === 'complete') take(id)?.resolve()
      else if (type === 'error' || payload?.errors) {
        take(id)?.reject(new Error(`push refused: ${JSON.stringify(payload)}`))
      }
    })
    const take = (id) => {
      const settled = waiting.get(id)
      waiting.delete(id)
      return settled
    }
    let head = ''
    socket.on('data', (chunk) => {
      if (head === null) return read(chunk)
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const rest = Buffer.from(head.slice(end + 4), 'latin1')
      head = null
      say('{"type":"connection_init"}')
      read(rest)
    })
    socket.write(
      `GET ${dialect.path([])} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
        'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        `Sec-WebSocket-Protocol: ${dialect.protocol}\r\n\r\n`,
    )
  })
  return {
    lanes,
    /** @param {string} _path @param {string} body */
    send(_path, body) {
      const id = String(operations++)
      say(`{"id":"${id}","type":"subscribe","payload":${body}}`)
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
    },
    close: () => socket.destroy(),
  }
}
