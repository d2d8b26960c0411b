import type { ConnectionOptions } from './client.ts'
import type { ClusterCommands } from './cluster-commands.ts'
import { slotOf } from './slots.ts'
import { Subscriber } from './subscriber.ts'
import { toHost } from './topology.ts'

export interface ClusterSubscriberEvents {
  heard(channel: Buffer, message: Buffer): void
  /** Channels are subscribed again after they were not for a while: messages may have been missed. */
  restored(): void
}

interface Channel {
  readonly slot: number
  /** `host:port` of the node that it is subscribed at; undefined while nobody has the slot. */
  home: string | undefined
}

/**
 * Sharded channels of a Redis Cluster, each subscribed at the node that has its slot. When a slot goes to another node
 * (migration, failover) its channels follow:
 *
 *     the node says MOVED, or CLUSTER SLOTS says so ──▶ unsubscribed there, subscribed here ──▶ confirmed ──▶ restored
 *
 * What is published in between is not heard, and is found by whoever is told `restored`.
 */
export class ClusterSubscriber {
  readonly #options: ConnectionOptions
  readonly #commands: ClusterCommands
  readonly #events: ClusterSubscriberEvents
  readonly #nodes = new Map<string, Subscriber>()
  readonly #channels = new Map<string, Channel>()
  readonly #unplaced = new Map<string, () => void>()
  #telling = false
  #closed = false

  constructor(options: ConnectionOptions, commands: ClusterCommands, events: ClusterSubscriberEvents) {
    this.#options = options
    this.#commands = commands
    this.#events = events
    commands.topology.watch(() => this.#follow())
  }

  /** Every channel of that slot is subscribed at this moment. */
  isComplete(slot: number): boolean {
    const home = this.#commands.topology.homeOf(slot)
    return home !== undefined && (this.#nodes.get(home)?.complete ?? false)
  }

  subscribe(name: string, confirmed: () => void): void {
    const channel = { slot: slotOf(name), home: undefined }
    this.#channels.set(name, channel)
    this.#place(name, channel, confirmed)
  }

  unsubscribe(name: string): void {
    const channel = this.#channels.get(name)
    this.#channels.delete(name)
    this.#unplaced.delete(name)
    if (channel?.home !== undefined) this.#nodes.get(channel.home)?.unsubscribe(name)
  }

  close(): void {
    this.#closed = true
    for (const node of this.#nodes.values()) node.close()
  }

  #place(name: string, channel: Channel, confirmed: () => void): void {
    channel.home = this.#commands.topology.homeOf(channel.slot)
    if (channel.home === undefined) this.#unplaced.set(name, confirmed)
    else this.#nodeAt(channel.home).subscribe(name, confirmed)
  }

  #follow(): void {
    if (this.#closed) return
    const { topology } = this.#commands
    for (const [name, channel] of this.#channels) {
      const home = topology.homeOf(channel.slot)
      // Nobody has the slot for the moment: where it was, its channels may still be.
      if (home === undefined || home === channel.home) continue
      const first = this.#unplaced.get(name)
      this.#unplaced.delete(name)
      const pending = channel.home === undefined ? [] : (this.#nodes.get(channel.home)?.withdraw(name) ?? [])
      this.#place(name, channel, () => {
        first?.()
        for (const confirmed of pending) confirmed()
        if (!first) this.#tell()
      })
    }
    for (const [home, node] of this.#nodes) {
      if (topology.masters.has(home)) continue
      this.#nodes.delete(home)
      node.close()
    }
  }

  /** Many channels come back together: it is told once. */
  #tell(): void {
    if (this.#telling) return
    this.#telling = true
    setImmediate(() => {
      this.#telling = false
      if (!this.#closed) this.#events.restored()
    })
  }

  #nodeAt(home: string): Subscriber {
    let node = this.#nodes.get(home)
    if (!node) {
      node = new Subscriber(
        this.#options,
        {
          heard: this.#events.heard,
          restored: () => this.#tell(),
          moved: (slot, to) => this.#moved(slot, to),
        },
        toHost(home),
      )
      this.#nodes.set(home, node)
    }
    return node
  }

  #moved(slot: number, to: string): void {
    if (/^[^:?]/.test(to)) this.#commands.topology.moved(slot, to)
    void this.#commands.refresh()
  }
}
