import { brokerUnavailable, type CloudpushError } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import type { BrokerLimits, Continuation } from '../broker.ts'
import type { Commands } from './commands.ts'
import type { Send } from './connection.ts'
import { HolderLine } from './holder-line.ts'
import type { Keys } from './keys.ts'
import { loadScripts, runScript, type ScriptArgument, type ScriptName, type Scripts } from './scripts.ts'

const DAY_SECONDS = 86_400

/** A script's arguments, made at its sending: `term` is that of the connection that it goes out on. */
type ArgumentsInTerm = (term: string) => readonly ScriptArgument[]

/** A connection of its own for pushes, since waiting for replicas stops it, and how many of them have to have a push. */
export interface Accepting {
  readonly commands: Commands
  readonly writeQuorum: number
}

export interface RedisStoreParts {
  readonly keys: Keys
  readonly replicaId: string
  readonly commands: Commands
  /** Null: what the master has stored is accepted. */
  readonly accepting: Accepting | null
  readonly limits: BrokerLimits
  readonly log: Log | undefined
}

/** What every part of the Redis broker works with: keys, scripts, limits, and which generation it holds under. */
export class RedisStore {
  readonly keys: Keys
  readonly replicaId: string
  readonly commands: Commands
  readonly #accepting: Accepting | null
  readonly log: Log | undefined
  limits: BrokerLimits
  readonly #scripts: Scripts
  readonly #lines: readonly HolderLine[]
  readonly #generations: string[] = []
  readonly #terms: string[] = []
  readonly #epochs = `${Math.random().toString(36).slice(2, 8)}${Date.now().toString(36)}`
  #epochCount = 0
  /** Called when what this replica held is void: it holds under another generation from now on. */
  onForgotten: () => void = () => {}
  /** Called when another server may write a partition than did before. */
  onNewTerm: (partition: number) => void = () => {}

  constructor({ keys, replicaId, commands, accepting, limits, log }: RedisStoreParts) {
    this.keys = keys
    this.replicaId = replicaId
    this.commands = commands
    this.#accepting = accepting
    this.#lines = keys.partitions.map((partition) => new HolderLine(commands, keys.slotOf(partition)))
    this.limits = limits
    this.log = log
    this.#scripts = loadScripts()
  }

  /** How long what is known of an inbox outlives it. */
  get metaSeconds(): number {
    return Math.max(2 * Math.max(this.limits.retentionSeconds, this.limits.resumeSeconds), DAY_SECONDS)
  }

  /** A name that no epoch ever had, should the script need one. */
  candidateEpoch(): string {
    return `${this.#epochs}${(this.#epochCount++).toString(36)}`
  }

  /** Runs a script, all of whose keys are in that partition. */
  run(
    name: ScriptName,
    partition: number,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    const script = this.#scripts[name]
    return this.command(partition, (client) => runScript(client, script, keys, args))
  }

  /** As `run`, for a script that has to know the term of the server. */
  runInTerm(
    name: ScriptName,
    partition: number,
    keys: readonly string[],
    args: ArgumentsInTerm,
  ): Promise<unknown> {
    const script = this.#scripts[name]
    return this.command(partition, (client, { term }) => runScript(client, script, keys, args(term)))
  }

  /** Runs a script whose answer promises that what it wrote is kept: rejects where too few replicas have it in time. */
  accept(
    name: ScriptName,
    partition: number,
    keys: readonly string[],
    args: ArgumentsInTerm,
  ): Promise<unknown> {
    if (this.#accepting === null) return this.runInTerm(name, partition, keys, args)
    const { commands, writeQuorum } = this.#accepting
    const script = this.#scripts[name]
    return commands.run(this.keys.slotOf(partition), async (client, link) => {
      const answer = await runScript(client, script, keys, args(link.term))
      const copies = await link.copies(writeQuorum)
      if (copies < writeQuorum) throw notReplicated(copies, writeQuorum)
      return answer
    })
  }

  /** Runs a command, all of whose keys are in that partition. */
  command<T>(partition: number, send: Send<T>): Promise<T> {
    return this.commands.run(this.keys.slotOf(partition), send)
  }

  /**
   * Runs a script that changes what this replica holds, in the order of the calls. Its keys begin with generation and
   * dead, its arguments with replica, generation and metaSeconds; it answers a list that begins with the generation.
   */
  async hold(
    name: 'attach' | 'detach' | 'rehold',
    partition: number,
    keys: readonly string[],
    args: ArgumentsInTerm,
  ): Promise<readonly unknown[]> {
    const script = this.#scripts[name]
    const allKeys = [this.keys.generation(partition, this.replicaId), this.keys.dead(partition), ...keys]
    const line = this.#lines[partition] as HolderLine
    const answer = (await line.run(script, allKeys, (term) => [
      ...this.#self(partition),
      ...args(term),
    ])) as readonly unknown[]
    this.#heard(partition, answer[0] as string)
    return answer.slice(1)
  }

  /** Renews this replica's generation and answers the members of `due` whose time has come. */
  async pulse(partition: number, limit: number): Promise<readonly string[]> {
    const { keys, replicaId } = this
    const names = [keys.generation(partition, replicaId), keys.dead(partition), keys.due(partition)]
    const [generation, due] = await this.command(partition, async (client, link) => {
      const answer = await runScript(client, this.#scripts.pulse, names, [...this.#self(partition), limit])
      const [generation, due, term] = answer as [string, string[], string]
      // It may change without a new master, and then no inbox has to be asked about for ever.
      link.term = term
      const former = this.#terms[partition]
      this.#terms[partition] = term
      if (former !== undefined && former !== term) this.onNewTerm(partition)
      return [generation, due] as const
    })
    this.#heard(partition, generation)
    return due
  }

  #self(partition: number): readonly ScriptArgument[] {
    return [this.replicaId, this.#generations[partition] ?? '', this.metaSeconds]
  }

  /** Answers come in the order of the commands, so a later generation is never overwritten by an earlier one. */
  #heard(partition: number, generation: string): void {
    const known = this.#generations[partition]
    if (known === generation) return
    if (known !== undefined && Number(known) > Number(generation)) return
    this.#generations[partition] = generation
    if (known !== undefined) this.onForgotten()
  }
}

function notReplicated(replicas: number, writeQuorum: number): CloudpushError {
  return brokerUnavailable(
    `The push is stored, but ${replicas} of Redis's replicas have it and ${writeQuorum} should: it is not accepted, since it would be lost with the master. Try again with the same id: it is stored once.`,
    { stored: true, replicas, writeQuorum },
  )
}

/** As scripts answer it. */
export function toContinuation(kept: number, lossy: number): Continuation {
  return { kept: kept < 0 ? null : kept, lossy: lossy === 1 }
}

/** Requests that go to one partition together, with the places of their answers. */
export interface Batch<T> {
  readonly partition: number
  readonly requests: readonly T[]
  readonly places: readonly number[]
}

/** Groups by partition and cuts into batches of `size`; the order within a partition stays. */
export function toBatches<T>(
  requests: readonly T[],
  partitionOf: (request: T) => number,
  size: number,
): Batch<T>[] {
  const batches: { partition: number; requests: T[]; places: number[] }[] = []
  const open = new Map<number, (typeof batches)[number]>()
  requests.forEach((request, place) => {
    const partition = partitionOf(request)
    let batch = open.get(partition)
    if (!batch || batch.requests.length === size) {
      batch = { partition, requests: [], places: [] }
      open.set(partition, batch)
      batches.push(batch)
    }
    batch.requests.push(request)
    batch.places.push(place)
  })
  return batches
}

/** Waits for all, so that nothing goes on behind a rejection; then rejects with the first failure. */
export async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises)
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
