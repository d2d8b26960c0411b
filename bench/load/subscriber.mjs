// A process that holds many subscribers, over raw sockets: it counts frames and reads no JSON. Its parent says over IPC
// what to do (`connect`, `measureLatency`, `latencies`) and hears how far it is, at most every 5 ms.
import { connect } from 'node:net'
import { DIALECTS } from './dialects.mjs'
import { clientFrame, createFrameReader, PING, PONG, TEXT } from './frames.mjs'

const REPORT_MS = 5
/** Handshakes under way at a time. */
const HANDSHAKES = 64
const HEAD_END = '\r\n\r\n'
const SENT_AT = '"sentAt":'

const readBuffer = Buffer.allocUnsafeSlow(262_144)
const state = { ready: 0, received: 0, reached: 0, at: 0 }
let latencies = null
let reporting = false

function report() {
  if (reporting) return
  reporting = true
  setTimeout(() => {
    reporting = false
    process.send({ state })
  }, REPORT_MS)
}

function fail(error) {
  process.send({ error: error.message })
}

/** Microseconds of the machine's monotonic clock: the same for all processes. */
function now() {
  return Number(process.hrtime.bigint() / 1000n)
}

function openSubscriber({ port, localAddress, dialect, identifiers }, onReady) {
  const { protocol, path, opened, received } = DIALECTS[dialect]
  let head = ''
  let reached = false
  let ready = false
  const speaker = {
    identifiers,
    send: (text) => socket.write(clientFrame(text)),
    ready() {
      if (ready) return
      ready = true
      state.ready++
      state.at = now()
      report()
      onReady()
    },
  }
  const read = createFrameReader((bytes, start, end, opcode) => {
    if (opcode === PING) {
      socket.write(clientFrame(Buffer.from(bytes.subarray(start, end)), PONG))
      return
    }
    if (opcode !== TEXT || !received(speaker, bytes, start, end)) return
    state.received++
    if (!reached) {
      reached = true
      state.reached++
    }
    if (latencies) latencies.push(now() - sentAt(bytes, start, end))
  })
  const socket = connect({
    host: '127.0.0.1',
    port,
    localAddress,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback(length) {
        let chunk = readBuffer.subarray(0, length)
        try {
          if (head !== null) {
            head += chunk.toString('latin1')
            const end = head.indexOf(HEAD_END)
            if (end < 0) return true
            if (!head.startsWith('HTTP/1.1 101')) throw new Error(`upgrade refused: ${head.slice(0, 200)}`)
            chunk = Buffer.from(head.slice(end + HEAD_END.length), 'latin1')
            head = null
            opened(speaker)
          }
          const before = state.received
          read(chunk)
          if (state.received !== before) {
            state.at = now()
            report()
          }
        } catch (error) {
          fail(error)
        }
        return true
      },
    },
  })
  socket.on('error', fail)
  socket.on('end', () => fail(new Error('the server ended a connection')))
  socket.write(
    `GET ${path(identifiers)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      `${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`,
  )
}

function sentAt(bytes, start, end) {
  const text = bytes.latin1Slice(start, end)
  return Number.parseInt(text.slice(text.indexOf(SENT_AT) + SENT_AT.length), 10)
}

const commands = {
  /** `sessions`: the identifiers of each. */
  connect({ sessions, ...target }) {
    let next = 0
    const openNext = () => {
      const identifiers = sessions[next++]
      if (identifiers) openSubscriber({ ...target, identifiers }, openNext)
    }
    for (let i = 0; i < HANDSHAKES; i++) openNext()
  },
  measureLatency() {
    latencies = []
  },
  latencies() {
    process.send({ latencies })
    latencies = null
  },
}

process.on('message', ({ command, ...options }) => commands[command](options))
process.on('disconnect', () => process.exit())
