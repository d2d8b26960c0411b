import { setTimeout as delay } from 'node:timers/promises'
import type { MessageEntry } from '../broker.ts'
import { type RedisStore, settleAll, toBatches } from './store.ts'

/** Messages that are remembered: the latest 10,000 at least, twice as many at most. */
const GENERATION = 10_000

const BATCH = 250
const ATTEMPTS = 40
const RETRY_MS = 250
const LOST =
  'Redis lost messages that it had accepted: its former server had not copied them. Their subscribers are told; --write-quorum prevents it'

interface AcceptedChunk {
  readonly partition: number
  readonly identifiers: readonly string[]
  /** `epoch:offset` of each, with spaces between; it is read only when it is asked for. */
  readonly places: string
  /** ms since 1970, by our clock. */
  readonly at: number
}

/**
 * Where the latest messages that were accepted here are stored. Nobody else may know of one that its inbox's subscribers
 * had not heard, or that had none: a server that takes the place of another one is told of them, lest one be lost in silence.
 */
export class Testimony {
  readonly #store: RedisStore
  #former: readonly AcceptedChunk[] = []
  #latest: AcceptedChunk[] = []
  #count = 0

  constructor(store: RedisStore) {
    this.#store = store
    store.onNewTerm = (partition) => void this.#give(partition)
  }

  accepted(chunk: AcceptedChunk): void {
    this.#latest.push(chunk)
    this.#count += chunk.identifiers.length
    if (this.#count < GENERATION) return
    this.#former = this.#latest
    this.#latest = []
    this.#count = 0
  }

  /** Never rejects; while it fails, it is tried again. What was said is forgotten here: it is kept, or its loss is known. */
  async #give(partition: number): Promise<void> {
    const ours = (chunk: AcceptedChunk) => chunk.partition === partition
    const others = (chunk: AcceptedChunk) => chunk.partition !== partition
    const chunks = [...this.#former, ...this.#latest].filter(ours)
    this.#former = this.#former.filter(others)
    this.#latest = this.#latest.filter(others)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        const inboxes = await this.#say(partition, chunks)
        if (inboxes > 0) this.#store.log?.error({ inboxes }, LOST)
        return
      } catch {
        await delay(RETRY_MS, undefined, { ref: false })
      }
    }
  }

  /** Answers how many inboxes have lost a message: whoever had less of them is told, as of any other loss. */
  async #say(partition: number, chunks: readonly AcceptedChunk[]): Promise<number> {
    const { keys, metaSeconds, limits } = this.#store
    // What is past retention would be gone anyway.
    const entries = lastPositions(chunks, Date.now() - limits.retentionSeconds * 1_000)
    const calls = toBatches(entries, () => partition, BATCH).map(({ requests }) => {
      const candidate = this.#store.candidateEpoch()
      const names = requests.flatMap(({ identifier }) => [keys.meta(identifier), keys.inbox(identifier)])
      const places = requests.flatMap(({ epoch, offset }) => [epoch, offset])
      const args = (term: string) => [metaSeconds, term, candidate, ...places]
      return this.#store.runInTerm('testify', partition, names, args)
    })
    const lost = (await settleAll(calls)) as number[]
    return lost.reduce((sum, count) => sum + count, 0)
  }
}

/** The last position in each inbox, and in each epoch of it, of what was accepted after `since`. */
function lastPositions(chunks: readonly AcceptedChunk[], since: number): readonly MessageEntry[] {
  const entries = new Map<string, MessageEntry>()
  for (const chunk of chunks) {
    if (chunk.at < since) continue
    const places = chunk.places.split(' ')
    for (const [index, identifier] of chunk.identifiers.entries()) {
      const [epoch = '', offset] = places[index]?.split(':') ?? []
      entries.set(`${epoch}:${identifier}`, { identifier, epoch, offset: Number(offset) })
    }
  }
  return [...entries.values()]
}
