/**
 * Listens on a free port of the loopback and says which, for whoever started the process.
 *
 * @param {import('node:http').Server} server
 */
export function listen(server) {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => ready(server.address().port))
}

/** @param {number} port */
export function ready(port) {
  process.stdout.write(`ready ${port}\n`)
}
