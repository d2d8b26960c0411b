import type { Attached, AttachRequest, Confirmation, ResumeIdentity, ResumeKey } from '../broker.ts'
import type { MemoryInbox } from './inbox.ts'
import type { MemoryStore } from './store.ts'

/** How far one durable subscription got in one inbox. */
export interface ResumeRecord {
  readonly epoch: string
  readonly confirmed: number
  /** Null while its session lives. */
  readonly written: number | null
  readonly at: number
  readonly owner: string
}

type Start = Pick<Attached, 'from' | 'redeliveredThrough' | 'resumed' | 'mayMiss'>

const LIVE_ONLY = {
  redeliveredThrough: 0,
  resumed: false,
  mayMiss: false,
} as const

/** Where the subscription stands; its record is its session's from now on. */
export function startRecord(
  store: MemoryStore,
  inbox: MemoryInbox,
  { identifier, resume, after }: AttachRequest,
  resumeSeconds: number,
): Start {
  if (resume === null) return startWithout(inbox, after)
  const key = recordKey(identifier, resume)
  const record = store.records.get(key)
  const start = record ? startFrom(store, inbox, record, resume.owner) : startWithout(inbox, after)
  const { owner } = resume
  const now = store.now()
  store.records.set(
    key,
    {
      epoch: inbox.epoch,
      confirmed: start.from,
      written: null,
      at: now,
      owner,
    },
    2 * resumeSeconds,
  )
  return start
}

function startWithout(inbox: MemoryInbox, after: AttachRequest['after']): Start {
  if (after === null) return { ...LIVE_ONLY, from: inbox.tip }
  // It comes from outside: beyond what there is, it counts as lost for whoever presents it, and changes nothing for others.
  const { kept, lossy } = inbox.continuation(after.epoch)
  const through = after.epoch === inbox.epoch && after.offset > inbox.tip ? 0 : (kept ?? 0)
  const from = Math.min(after.offset, through)
  return { ...LIVE_ONLY, from, mayMiss: lossy || kept === null || after.offset > through }
}

function startFrom(store: MemoryStore, inbox: MemoryInbox, record: ResumeRecord, owner: string): Start {
  const { epoch, confirmed, written } = record
  // In an epoch that goes on, `written` may count what a lost end had: only what was proved is beyond doubt.
  const had = epoch === inbox.epoch ? confirmed : Math.max(confirmed, written ?? 0)
  const { kept, lossy } = inbox.witness({ epoch, offset: had }, () => store.newEpoch())
  const from = Math.min(confirmed, kept ?? 0)
  const { tip } = inbox
  const repeated = from < tip ? (kept === null ? tip : (written ?? tip)) : 0
  return {
    from,
    // What was lost may be pushed again, for want of an answer.
    redeliveredThrough: kept !== null && had > kept ? Math.max(repeated, had) : repeated,
    // A repeat of its own call resumes nobody.
    resumed: record.owner !== owner,
    mayMiss: lossy || kept === null,
  }
}

/** A former owner is ignored; a record that is gone is made anew. */
export function confirmRecord(store: MemoryStore, confirmation: Confirmation, resumeSeconds: number): void {
  const { identifier, resume, epoch, written } = confirmation
  const key = recordKey(identifier, resume)
  const record = store.records.get(key)
  if (record && record.owner !== resume.owner) return
  const confirmed = Math.max(confirmation.confirmed, record?.epoch === epoch ? record.confirmed : 0)
  const through = written === null ? null : Math.max(written, confirmed)
  const seconds = written === null ? 2 * resumeSeconds : resumeSeconds
  store.records.set(
    key,
    {
      epoch,
      confirmed,
      written: through,
      at: store.now(),
      owner: resume.owner,
    },
    seconds,
  )
}

export function forgetRecord(store: MemoryStore, identifier: string, resume: ResumeKey): void {
  const key = recordKey(identifier, resume)
  if (store.records.get(key)?.owner === resume.owner) store.records.delete(key)
}

export function hasRecord(store: MemoryStore, identifier: string, resume: ResumeIdentity): boolean {
  return store.records.get(recordKey(identifier, resume)) !== undefined
}

function recordKey(identifier: string, { subject, operationId }: ResumeIdentity): string {
  return JSON.stringify([identifier, subject, operationId])
}
