import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { createRedisCluster, type RedisCluster } from '../../src/cluster/redis/cluster.ts'
import { Arrivals } from './arrivals.ts'
import type { ProtocolMessage } from './raw-client.ts'
import { aLoad } from './replicas.ts'

const REPORT_INTERVAL_MS = 1_000 // 1 second

/** A session as a scripted replica has it: nothing is answered but what the test answers. */
export class ScriptedSession {
  readonly socket: WebSocket
  readonly stream: Duplex
  readonly request: IncomingMessage
  /** Of the replica that it is on. */
  readonly port: number | undefined
  readonly messages = new Arrivals<ProtocolMessage>('message')
  readonly closed: Promise<number>

  constructor(socket: WebSocket, stream: Duplex, request: IncomingMessage) {
    this.socket = socket
    this.stream = stream
    this.request = request
    this.port = request.socket.localPort
    socket.on('error', () => {})
    socket.on('message', (data) => this.messages.add(JSON.parse(data.toString()) as ProtocolMessage))
    this.closed = new Promise((resolve) =>
      socket.on('close', (code) => {
        this.messages.end('the gateway has left')
        resolve(code)
      }),
    )
  }

  /** The next message of this type. */
  expect(type: string): Promise<ProtocolMessage> {
    return this.messages.take(type, (message) => message.type === type)
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  /** Waits for `connection_init` and acknowledges it. */
  async acknowledge(): Promise<ProtocolMessage> {
    const init = await this.expect('connection_init')
    this.send({ type: 'connection_ack' })
    return init
  }
}

/**
 * A peer in the registry that looks like a replica and does what a test says, for what no replica does on purpose: refuse,
 * stall, break off amid a frame. Its registry and its sockets are real.
 */
export class ScriptedReplica implements AsyncDisposable {
  readonly id: string
  readonly port: number
  readonly #server: Server
  readonly #cluster: RedisCluster
  readonly #sessions = new Arrivals<ScriptedSession>('session')
  readonly #streams = new Set<Duplex>()
  readonly #reports: NodeJS.Timeout
  /** How a handshake goes: upgraded (default), or left without any answer. */
  upgrades = true

  private constructor(id: string, server: Server, cluster: RedisCluster) {
    this.id = id
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#cluster = cluster
    const sockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, stream, head) => {
      this.#streams.add(stream)
      stream.on('error', () => {})
      if (!this.upgrades) return
      sockets.handleUpgrade(request, stream, head, (socket) =>
        this.#sessions.add(new ScriptedSession(socket, stream, request)),
      )
    })
    this.#reports = setInterval(() => {
      cluster.registry.report(aLoad()).catch(() => {})
    }, REPORT_INTERVAL_MS)
  }

  static async start(redis: string, prefix: string, id: string): Promise<ScriptedReplica> {
    const server = createServer((_request, response) => response.end(id))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const cluster = createRedisCluster({ url: redis, prefix, replicaId: id })
    const identity = {
      id,
      url: `ws://127.0.0.1:${port}/graphql`,
      version: '1.2.3',
      startedAt: new Date(Date.now() - 3_600_000),
    }
    await cluster.registry.join(identity, aLoad(), { changed() {}, lost() {}, ended() {} })
    return new ScriptedReplica(id, server, cluster)
  }

  /** The next session that comes. */
  session(): Promise<ScriptedSession> {
    return this.#sessions.take('session')
  }

  /** Sessions that came and were not taken. */
  get left(): number {
    return this.#sessions.left.length
  }

  /** Says so, as a replica does before it drains. */
  async drain(): Promise<void> {
    await this.#cluster.registry.report(aLoad({ state: 'DRAINING', drainProgress: 0 }))
    clearInterval(this.#reports)
  }

  /** Goes without a word: every connection is reset, nothing listens any more, the lease ends by itself. */
  async die(): Promise<void> {
    clearInterval(this.#reports)
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const stream of this.#streams) stream.destroy()
    this.#server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#reports)
    this.#sessions.end('the replica has stopped')
    await this.#cluster.registry.leave().catch(() => {})
    await this.#cluster[Symbol.asyncDispose]()
    if (this.#server.listening) await this.die()
  }
}
