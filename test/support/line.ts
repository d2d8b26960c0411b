import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A port that leads to another one, as a service's address does: it can be cut, and led elsewhere. */
export interface Line extends AsyncDisposable {
  readonly port: number
  /** Everything on it ends at once, and nothing new is let in. */
  cut(): void
  /** What connects from now on gets there. */
  lead(target: number): void
}

export async function startLine(target: number): Promise<Line> {
  const sockets = new Set<Socket>()
  let to: number | null = target
  const server = createServer((near) => {
    if (to === null) {
      near.destroy()
      return
    }
    const far = connect(to, '127.0.0.1')
    join(near, far)
    join(far, near)
  })

  function join(from: Socket, other: Socket): void {
    sockets.add(from)
    // An error is followed by a close.
    from.on('error', () => {})
    from.on('close', () => {
      sockets.delete(from)
      other.destroy()
    })
    from.pipe(other)
  }

  function cut(): void {
    to = null
    for (const socket of sockets) socket.destroy()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    lead(next) {
      to = next
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
