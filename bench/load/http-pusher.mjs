/**
 * One keep-alive connection. `send` resolves with the answer; it rejects when the answer is not a success.
 *
 * @param {typeof import('node:net').connect} connect
 * @param {number} port
 */
export async function openHttpPusher(connect, port) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  let answer = ''
  /** @type {{ resolve: () => void, reject: (error: Error) => void } | null} */
  let waiting = null
  const settle = (error) => {
    const settled = waiting
    waiting = null
    if (error) settled?.reject(error)
    else settled?.resolve()
  }
  socket.setEncoding('latin1')
  socket.on('data', (text) => {
    answer += text
    const body = wholeBody(answer)
    if (body === null) return
    const failed = !/^HTTP\/1\.1 20\d/.test(answer) || body.includes('"errors"')
    const error = failed ? new Error(`push refused: ${answer.slice(0, 600)}`) : null
    answer = ''
    settle(error)
  })
  socket.on('error', settle)
  socket.on('close', () => settle(new Error('the server closed the connection of a pusher')))
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return {
    lanes: 1,
    /** @param {string} path @param {string} body */
    send(path, body) {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
          `Accept: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
      })
    },
    close: () => socket.destroy(),
  }
}

/** The body of a response that has arrived whole; null before. */
function wholeBody(answer) {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return null
  const body = answer.slice(end + 4)
  const head = answer.slice(0, end)
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return body.endsWith('0\r\n\r\n') ? body : null
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  return body.length >= length ? body : null
}
