import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { RedisSource } from '../../broker/redis/client.ts'
import { type Commands, openCommands } from '../../broker/redis/commands.ts'
import { openPubSub, type PubSub } from '../../broker/redis/pubsub.ts'
import { runScript } from '../../broker/redis/scripts.ts'
import { slotOf } from '../../broker/redis/slots.ts'
import type { StoreMeter } from '../../broker/store-meter.ts'
import { brokerUnavailable } from '../../errors.ts'
import type { Log } from '../../observability/log.ts'
import { type ClusterKeys, createClusterKeys } from './keys.ts'

const SUBSCRIBE_LIMIT_MS = 2_000 // 2 seconds

type ScriptName = 'join' | 'report' | 'leave' | 'reap' | 'configure' | 'add-statistics'

export interface ClusterOptions extends RedisSource {
  readonly prefix: string
  readonly replicaId: string
  readonly log?: Log | undefined
  readonly meter?: StoreMeter | undefined
}

/** What registry, peers and settings share: one connection for commands, one for channels. Commands reject with `BROKER_UNAVAILABLE`. */
export class ClusterConnection implements Disposable {
  readonly keys: ClusterKeys
  readonly #commands: Commands
  /** All keys and channels have one hash tag. */
  readonly #slot: number
  readonly #pubsub: PubSub
  readonly #scripts = new Map<ScriptName, { source: string; sha1: string }>()

  constructor({ prefix, replicaId, log, meter, ...source }: ClusterOptions) {
    this.keys = createClusterKeys(prefix)
    this.#slot = slotOf(this.keys.replicas)
    const name = `cloudpush:${replicaId}:registry`
    this.#commands = openCommands({ ...source, name, log, meter })
    this.#pubsub = openPubSub({ ...source, name: `${name}:channels` }, this.#commands, () => {})
  }

  get available(): boolean {
    return this.#commands.isAvailable(this.#slot) && this.#pubsub.isAvailable(this.#slot)
  }

  command<T>(send: (client: Redis) => Promise<T>): Promise<T> {
    return this.#commands.run(this.#slot, send)
  }

  run(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#commands.run(this.#slot, (client) => runScript(client, this.#script(name), keys, args))
  }

  /** Resolves when Redis has confirmed; rejects with `BROKER_UNAVAILABLE` when it does not in time. */
  async subscribe(channel: string, hear: (text: string) => void): Promise<number> {
    const confirmed = this.#pubsub.pubsub.subscribe(channel, (message: Buffer) =>
      hear(message.toString('utf8')),
    )
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        // It may be confirmed later, when nobody waits for it any more.
        void confirmed.then((subscription) => this.#pubsub.unsubscribe(subscription))
        reject(
          brokerUnavailable(
            `Redis at ${this.#commands.address} cannot be reached: ${this.#commands.trouble}.`,
          ),
        )
      }, SUBSCRIBE_LIMIT_MS)
    })
    try {
      return await Promise.race([confirmed, late])
    } finally {
      clearTimeout(timer)
    }
  }

  unsubscribe(subscription: number): void {
    this.#pubsub.unsubscribe(subscription)
  }

  [Symbol.dispose](): void {
    this.#pubsub.close()
    this.#commands.close()
  }

  #script(name: ScriptName): { source: string; sha1: string } {
    let script = this.#scripts.get(name)
    if (!script) {
      const source = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
      script = { source, sha1: createHash('sha1').update(source).digest('hex') }
      this.#scripts.set(name, script)
    }
    return script
  }
}
