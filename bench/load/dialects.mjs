// How each kind of server is spoken to: the same subscribers, the same pushes, only the words differ.
import { randomUUID } from 'node:crypto'

const [OPEN_BRACE, LETTER_I, LETTER_N, LETTER_O, LETTER_P] = Buffer.from('{inop')
/** `{"type":"` and `{"id":"<uuid>","type":"`: where the type of a graphql-transport-ws message begins. */
const TYPE_FIRST = 9
const TYPE_AFTER_ID = 7 + 36 + 10

/**
 * @typedef {object} Dialect
 * @property {string} [protocol] WebSocket subprotocol
 * @property {(identifiers: string[]) => string} path where subscribers connect
 * @property {(socket: Speaker) => void} opened says what must be said first; calls `socket.ready()` when nothing must
 * @property {(socket: Speaker, bytes: Buffer, start: number, end: number) => boolean} received true: a message
 * @property {(to: string[]) => string} pushPath
 * @property {(toJson: string, payloadJson: string) => string} pushBody
 *
 * @typedef {{ identifiers: string[], send: (text: string | Buffer) => void, ready: () => void }} Speaker
 */

/** @param {string} selection what a client selects of a message */
function graphql(selection) {
  const subscription = `subscription Messages($ids: [ID!]!) { messages(identifiers: $ids) { ${selection} } }`
  const mutation = 'mutation Push($input: PushInput!) { push(input: $input) { id } }'
  return {
    protocol: 'graphql-transport-ws',
    path: () => '/graphql',
    opened: (socket) => socket.send('{"type":"connection_init"}'),
    received(socket, bytes, start, end) {
      if (bytes[start + 2] === LETTER_I) {
        if (bytes[start + TYPE_AFTER_ID] === LETTER_N) return true
        throw new Error(`unexpected: ${bytes.toString('utf8', start, end)}`)
      }
      const type = bytes[start + TYPE_FIRST]
      if (type === LETTER_N) return true
      if (type === LETTER_P) {
        if (bytes[start + TYPE_FIRST + 1] === LETTER_O) socket.ready()
        else {
          const echo = Buffer.from(bytes.subarray(start, end))
          echo[TYPE_FIRST + 1] = LETTER_O
          socket.send(echo)
        }
        return false
      }
      // connection_ack. Messages are handled in order, so the answer to a ping comes after the subscribe was read.
      const payload = { query: subscription, variables: { ids: socket.identifiers } }
      socket.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload }))
      socket.send('{"type":"ping"}')
      return false
    },
    pushPath: () => '/graphql',
    pushBody: (to, payload) =>
      `{"query":"${mutation}","variables":{"input":{"to":${to},"payload":${payload}}}}`,
  }
}

/** @type {Record<string, Dialect>} */
export const DIALECTS = {
  cloudpush: graphql('id identifier payload redelivered missed'),
  graphql: graphql('id identifier payload'),
  plain: {
    path: (identifiers) => `/?rooms=${identifiers.join(',')}`,
    opened: (socket) => socket.ready(),
    received: (_socket, bytes, start) => bytes[start] === OPEN_BRACE,
    pushPath: () => '/push',
    pushBody: (to, payload) => `{"to":${to},"payload":${payload}}`,
  },
  socketio: {
    path: () => '/socket.io/?EIO=4&transport=websocket',
    opened() {},
    received(socket, bytes, start, end) {
      const head = bytes.toString('latin1', start, Math.min(start + 2, end))
      if (head === '42') return true
      if (head[0] === '0') socket.send('40')
      else if (head[0] === '2') socket.send('3')
      else if (head === '40') socket.send(`420${JSON.stringify(['join', socket.identifiers])}`)
      else if (head === '43') socket.ready()
      return false
    },
    pushPath: () => '/push',
    pushBody: (to, payload) => `{"to":${to},"payload":${payload}}`,
  },
  nchan: {
    path: (identifiers) => `/sub/${identifiers[0]}`,
    opened: (socket) => socket.ready(),
    received: (_socket, bytes, start) => bytes[start] === OPEN_BRACE,
    pushPath: (to) => `/pub/${to[0]}`,
    pushBody: (_to, payload) => payload,
  },
}
