import type {
  Attached,
  AttachRequest,
  Confirmation,
  DetachRequest,
  HeldInbox,
  InboxTip,
  PresenceState,
  ResumeIdentity,
} from '../broker.ts'
import type { ScriptArgument } from './scripts.ts'
import { type RedisStore, settleAll, toBatches, toContinuation } from './store.ts'

/** Attaching and detaching cost more per identifier than the rest. */
const ATTACH_BATCH = 100
const BATCH = 250

/** Who holds what, and how far each durable subscription got. */
export class RedisHoldings {
  readonly #store: RedisStore

  constructor(store: RedisStore) {
    this.#store = store
  }

  async isResumable(identifier: string, { subject, operationId }: ResumeIdentity): Promise<boolean> {
    const { keys } = this.#store
    const key = keys.resume(identifier, subject, operationId)
    const partition = keys.partitionOf(identifier)
    return (await this.#store.command(partition, (client) => client.exists(key))) === 1
  }

  async attach(requests: readonly AttachRequest[]): Promise<readonly Attached[]> {
    const { keys, limits } = this.#store
    const answers: Attached[] = []
    const calls = toBatches(requests, ({ identifier }) => keys.partitionOf(identifier), ATTACH_BATCH).map(
      async ({ partition, requests, places }) => {
        const names: string[] = []
        const args: ScriptArgument[] = [
          this.#store.candidateEpoch(),
          limits.resumeSeconds,
          keys.presencePrefix(partition),
        ]
        for (const { identifier, subscriptions, resume, after } of requests) {
          const meta = keys.meta(identifier)
          const record = resume ? keys.resume(identifier, resume.subject, resume.operationId) : meta
          names.push(meta, keys.inbox(identifier), keys.holders(identifier), record)
          args.push(identifier, subscriptions, resume ? 1 : 0, resume?.owner ?? '')
          args.push(after?.epoch ?? '', after?.offset ?? 0)
        }
        const rows = (await this.#store.hold('attach', partition, names, (term) => [
          term,
          ...args,
        ])) as AttachRow[]
        rows.forEach((row, index) => {
          const { identifier } = requests[index] as AttachRequest
          answers[places[index] as number] = toAttached(identifier, row)
        })
      },
    )
    await settleAll(calls)
    return answers
  }

  async detach(requests: readonly DetachRequest[]): Promise<void> {
    const { keys, limits } = this.#store
    const calls = toBatches(requests, ({ identifier }) => keys.partitionOf(identifier), ATTACH_BATCH).map(
      ({ partition, requests }) => {
        const names: string[] = []
        const args: ScriptArgument[] = [limits.resumeSeconds, keys.presencePrefix(partition)]
        for (const { identifier, subscriptions, confirmation, forget } of requests) {
          const meta = keys.meta(identifier)
          const confirmed = confirmation ? recordKey(this.#store, confirmation) : meta
          const forgotten = forget ? keys.resume(identifier, forget.subject, forget.operationId) : meta
          names.push(meta, keys.holders(identifier), confirmed, forgotten)
          args.push(identifier, subscriptions, confirmation ? 1 : 0, ...confirmationArguments(confirmation))
          args.push(forget ? 1 : 0, forget?.owner ?? '')
        }
        return this.#store.hold('detach', partition, names, () => args)
      },
    )
    await settleAll(calls)
  }

  async rehold(inboxes: readonly HeldInbox[]): Promise<readonly InboxTip[]> {
    const { keys } = this.#store
    const answers: InboxTip[] = []
    const calls = toBatches(inboxes, ({ identifier }) => keys.partitionOf(identifier), BATCH).map(
      async ({ partition, requests, places }) => {
        const names: string[] = []
        const args: ScriptArgument[] = [this.#store.candidateEpoch(), keys.presencePrefix(partition)]
        for (const { identifier, subscriptions, epoch, offset } of requests) {
          names.push(keys.meta(identifier), keys.inbox(identifier), keys.holders(identifier))
          args.push(identifier, subscriptions, epoch, offset)
        }
        const row = await this.#store.hold('rehold', partition, names, (term) => [term, ...args])
        requests.forEach(({ identifier }, index) => {
          const [epoch, tip, kept, lossy] = row.slice(index * 4, index * 4 + 4) as TipRow
          answers[places[index] as number] = { identifier, epoch, tip, ...toContinuation(kept, lossy) }
        })
      },
    )
    await settleAll(calls)
    return answers
  }

  async confirm(confirmations: readonly Confirmation[]): Promise<void> {
    const { keys, limits } = this.#store
    const calls = toBatches(confirmations, ({ identifier }) => keys.partitionOf(identifier), BATCH).map(
      ({ partition, requests }) => {
        const names = requests.map((confirmation) => recordKey(this.#store, confirmation))
        const args = requests.flatMap(confirmationArguments)
        return this.#store.run('confirm', partition, names, [limits.resumeSeconds, ...args])
      },
    )
    await settleAll(calls)
  }

  async presence(identifiers: readonly string[]): Promise<readonly PresenceState[]> {
    const { keys } = this.#store
    const answers: PresenceState[] = []
    const calls = toBatches(identifiers, keys.partitionOf, BATCH).map(
      async ({ partition, requests, places }) => {
        const names = requests.flatMap((identifier) => [keys.meta(identifier), keys.holders(identifier)])
        const rows = (await this.#store.run(
          'presence',
          partition,
          [keys.dead(partition), ...names],
          [],
        )) as PresenceRow[]
        rows.forEach(([subscriptions, seen, ...holders], index) => {
          answers[places[index] as number] = {
            identifier: requests[index] as string,
            subscriptions,
            replicaIds: holders.map(replicaOf),
            lastSeen: holders.length > 0 || seen === '' ? null : Number(seen),
          }
        })
      },
    )
    await settleAll(calls)
    return answers
  }

  lastReplica(identifier: string): Promise<string | null> {
    const { keys } = this.#store
    const partition = keys.partitionOf(identifier)
    return this.#store.command(partition, (client) => client.hget(keys.meta(identifier), 'replica'))
  }

  async forgetReplica(replicaId: string): Promise<void> {
    const { keys } = this.#store
    const calls = keys.partitions.map((partition) =>
      this.#store.run(
        'forget',
        partition,
        [keys.generation(partition, replicaId), keys.dead(partition)],
        [replicaId, this.#store.metaSeconds, keys.forgotten(partition), keys.toPrefix(partition) + replicaId],
      ),
    )
    await settleAll(calls)
  }
}

type AttachRow = readonly [
  epoch: string,
  tip: number,
  from: number,
  redeliveredThrough: number,
  resumed: number,
  mayMiss: number,
]
type TipRow = [epoch: string, tip: number, kept: number, lossy: number]
type PresenceRow = readonly [subscriptions: number, seen: string, ...holders: string[]]

function toAttached(identifier: string, row: AttachRow): Attached {
  const [epoch, tip, from, redeliveredThrough, resumed, mayMiss] = row
  return {
    identifier,
    epoch,
    tip,
    from,
    redeliveredThrough,
    resumed: resumed === 1,
    mayMiss: mayMiss === 1,
  }
}

function recordKey({ keys }: RedisStore, { identifier, resume }: Confirmation): string {
  return keys.resume(identifier, resume.subject, resume.operationId)
}

/** owner, epoch, confirmed, written */
function confirmationArguments(confirmation: Confirmation | null): ScriptArgument[] {
  if (!confirmation) return ['', '', 0, '-']
  const { resume, epoch, confirmed, written } = confirmation
  return [resume.owner, epoch, confirmed, written ?? '-']
}

/** `<replica>~<generation>` */
function replicaOf(holder: string): string {
  return holder.slice(0, holder.lastIndexOf('~'))
}
