/**
 * `POST /push` with `{"to": [identifier …], "payload": …}`, for the peers that have no API of their own for it.
 *
 * @param {(push: { to: string[], payload: unknown }) => unknown} push
 * @returns {import('node:http').RequestListener}
 */
export function onPush(push) {
  return (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text) => {
      body += text
    })
    request.on('end', async () => {
      try {
        await push(JSON.parse(body))
        response.writeHead(200, { 'content-length': 2 }).end('{}')
      } catch (error) {
        const text = JSON.stringify({ errors: [{ message: error.message }] })
        response.writeHead(500, { 'content-length': Buffer.byteLength(text) }).end(text)
      }
    })
  }
}
