import { balancedTags, slotOf } from './slots.ts'

/**
 * Every Redis key and channel of the broker, in one place. `{p}` is the partition's hash tag, so that each script
 * touches one slot. M stands for `metaSeconds`: twice the longer of retention and resume, a day at least.
 *
 * | key | type | holds | expires after |
 * | --- | --- | --- | --- |
 * | `cp:{p}:meta:<identifier>` | hash | epoch, offset (the tip), term (of its last writer), was (former epochs), replica (last holder), seen (ms: went offline) | M since the last push or holder |
 * | `cp:{p}:inbox:<identifier>` | stream, ids `<offset>-0` | h (JSON `[id, from, trigger, expiresAt]`), p (payload), a (pushedAt, ms) | retention since the last push |
 * | `cp:{p}:holders:<identifier>` | hash | `<replica>~<generation>` → subscriptions | M since a holder was set |
 * | `cp:{p}:resume:<identifier>:<subject>:<operation>` | string | `epoch:confirmed:written or -:at:owner` | 2 × resume while attached, resume after |
 * | `cp:{p}:push:<id>` | hash | h (header), n (identifiers), at, c`<chunk>` (offline, JSON), s, d, a (receipts), k… (who acknowledged), due, out, again (was repeated) | retention since it went out |
 * | `cp:{p}:due` | zset | `<chunk>:<push id>` by the time it is due (ms) | M after the last of them is due |
 * | `cp:{p}:delayed:<id>` | hash | h, p, ttl, left (chunks), t`<chunk>` (identifiers, JSON) | M after it is due |
 * | `cp:{p}:generation:<replica>` | string | the generation under which a replica holds now | M since its last pulse |
 * | `cp:{p}:dead` | zset | `<replica>~<generation>` by the time it was forgotten (ms) | M since the last was added |
 *
 * Channels: `to:<replica>` (messages; a notice that it was forgotten), `presence:<identifier>`, `receipt:<push id>`,
 * `forgotten` (a replica id).
 */
export interface Keys {
  readonly partitions: readonly number[]
  /** The hash slot of all keys and channels of a partition. */
  slotOf(partition: number): number
  partitionOf(text: string): number
  meta(identifier: string): string
  inbox(identifier: string): string
  holders(identifier: string): string
  resume(identifier: string, subject: string, operationId: string): string
  push(partition: number, pushId: string): string
  due(partition: number): string
  delayed(partition: number, pushId: string): string
  generation(partition: number, replicaId: string): string
  dead(partition: number): string
  /** Channels; each prefix is completed by a replica id or identifier. */
  toPrefix(partition: number): string
  presencePrefix(partition: number): string
  receiptPrefix(partition: number): string
  forgotten(partition: number): string
}

/** On one server more would only make more commands of the same; on a Cluster each master has its share of them. */
const PARTITIONS = { single: 1, cluster: 64 } as const

/** Throws when the prefix could move keys to another slot. */
export function createKeys(prefix: string, on: keyof typeof PARTITIONS): Keys {
  if (/[{}]/.test(prefix))
    throw new Error(`The Redis prefix ${JSON.stringify(prefix)} must not contain { or }.`)
  const count = PARTITIONS[on]
  const hashTags = on === 'cluster' ? balancedTags(count) : ['0']
  const tags = hashTags.map((tag) => `${prefix}:{${tag}}:`)
  const slots = tags.map(slotOf)
  const partitionOf = count === 1 ? () => 0 : (text: string) => hash(text) % count
  const at = (partition: number) => tags[partition] as string
  const of = (identifier: string) => at(partitionOf(identifier))
  return {
    partitions: tags.map((_tag, partition) => partition),
    slotOf: (partition) => slots[partition] as number,
    partitionOf,
    meta: (identifier) => `${of(identifier)}meta:${identifier}`,
    inbox: (identifier) => `${of(identifier)}inbox:${identifier}`,
    holders: (identifier) => `${of(identifier)}holders:${identifier}`,
    resume: (identifier, subject, operationId) =>
      `${of(identifier)}resume:${encode(identifier)}:${encode(subject)}:${encode(operationId)}`,
    push: (partition, pushId) => `${at(partition)}push:${pushId}`,
    due: (partition) => `${at(partition)}due`,
    delayed: (partition, pushId) => `${at(partition)}delayed:${pushId}`,
    generation: (partition, replicaId) => `${at(partition)}generation:${replicaId}`,
    dead: (partition) => `${at(partition)}dead`,
    toPrefix: (partition) => `${at(partition)}to:`,
    presencePrefix: (partition) => `${at(partition)}presence:`,
    receiptPrefix: (partition) => `${at(partition)}receipt:`,
    forgotten: (partition) => `${at(partition)}forgotten`,
  }
}

/** FNV-1a over the code units: which partition an identifier belongs to must never change. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  // Its low bits alone are poor.
  return (value ^ (value >>> 15)) >>> 0
}

/** No part may reach into the next one, whatever bytes it has: base64url knows no colon. */
function encode(part: string): string {
  return Buffer.from(part, 'utf8').toString('base64url')
}
