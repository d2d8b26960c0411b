import { randomUUID } from 'node:crypto'
import type { Log } from '../../observability/log.ts'
import type { PeerHandlers, PeerQuestions, Peers, Question } from '../peers.ts'
import type { Registry } from '../registry.ts'
import type { ClusterConnection } from './connection.ts'

const ANSWER_LIMIT_MS = 2_000 // 2 seconds

type PeerMessage =
  | {
      readonly kind: 'ask'
      readonly id: string
      readonly from: string
      readonly question: Question
      readonly ask: unknown
    }
  | {
      readonly kind: 'answer'
      readonly id: string
      readonly from: string
      readonly answer?: unknown
      readonly failed?: true
    }

interface Pending {
  readonly waitsFor: Set<string>
  readonly answers: unknown[]
  readonly done: () => void
}

/** Questions between replicas over channels of Redis; see `peers.ts`. */
export class RedisPeers implements Peers {
  readonly #connection: ClusterConnection
  readonly #registry: Registry
  readonly #replicaId: string
  readonly #log: Log | undefined
  readonly #pending = new Map<string, Pending>()
  #handlers: PeerHandlers | null = null
  #subscription: number | null = null

  constructor(connection: ClusterConnection, registry: Registry, replicaId: string, log: Log | undefined) {
    this.#connection = connection
    this.#registry = registry
    this.#replicaId = replicaId
    this.#log = log
  }

  async serve(handlers: PeerHandlers): Promise<void> {
    this.#handlers = handlers
    const channel = this.#connection.keys.ask(this.#replicaId)
    this.#subscription ??= await this.#connection.subscribe(channel, (text) => void this.#hear(text))
  }

  async ask<Q extends Question>(
    question: Q,
    ask: PeerQuestions[Q]['ask'],
    replicaIds: readonly string[] | null = null,
  ): Promise<readonly PeerQuestions[Q]['answer'][]> {
    const asked = new Set(replicaIds ?? this.#registry.replicas().map(({ id }) => id))
    const own = asked.delete(this.#replicaId) || replicaIds === null
    const [others, ours] = await Promise.all([
      this.#askOthers(question, ask, asked),
      own ? this.#answer(question, ask) : [],
    ])
    return [...ours, ...others] as PeerQuestions[Q]['answer'][]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handlers = null
    if (this.#subscription !== null) this.#connection.unsubscribe(this.#subscription)
    for (const { done } of this.#pending.values()) done()
  }

  async #askOthers(question: Question, ask: unknown, replicaIds: Set<string>): Promise<unknown[]> {
    if (replicaIds.size === 0) return []
    const id = randomUUID()
    const answers: unknown[] = []
    const answered = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_LIMIT_MS)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#pending.set(id, { waitsFor: new Set(replicaIds), answers, done })
    })
    try {
      for (const to of replicaIds) this.#send(to, { kind: 'ask', id, from: this.#replicaId, question, ask })
      await answered
    } finally {
      this.#pending.delete(id)
    }
    return answers
  }

  /** One answer, or none where our own handler fails: others' answers are not lost for that. */
  async #answer(question: Question, ask: unknown): Promise<unknown[]> {
    const handler = this.#handlers?.[question] as ((ask: unknown) => unknown) | undefined
    if (!handler) return []
    try {
      return [await handler(ask)]
    } catch (error) {
      this.#log?.error({ err: error, question }, 'a question of another replica could not be answered')
      return []
    }
  }

  async #hear(text: string): Promise<void> {
    const message = parse(text)
    if (!message) {
      this.#log?.warn('a message of another replica could not be read')
      return
    }
    if (message.kind === 'ask') {
      const [answer] = await this.#answer(message.question, message.ask)
      const reply = { kind: 'answer', id: message.id, from: this.#replicaId } as const
      this.#send(message.from, answer === undefined ? { ...reply, failed: true } : { ...reply, answer })
      return
    }
    const pending = this.#pending.get(message.id)
    if (!pending?.waitsFor.delete(message.from)) return
    if (!message.failed) pending.answers.push(message.answer)
    if (pending.waitsFor.size === 0) pending.done()
  }

  #send(to: string, message: PeerMessage): void {
    const channel = this.#connection.keys.ask(to)
    this.#connection
      .command((client) => client.spublish(channel, JSON.stringify(message)))
      .catch((error: unknown) =>
        this.#log?.debug({ err: error, to }, 'a message to another replica was not sent'),
      )
  }
}

function parse(text: string): PeerMessage | null {
  try {
    const message = JSON.parse(text) as PeerMessage
    const known = message.kind === 'ask' || message.kind === 'answer'
    return known && typeof message.id === 'string' && typeof message.from === 'string' ? message : null
  } catch {
    return null
  }
}
