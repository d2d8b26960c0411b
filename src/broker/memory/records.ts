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

type Start = Pick<Attached, 'from' | 'redeliveredThrough' | 'resumed' | 'epochChanged'>

const LIVE_ONLY = {
  redeliveredThrough: 0,
  resumed: false,
  epochChanged: false,
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
  // Beyond the tip too: but what a client presents changes nothing for the other holders.
  const known = after.epoch === inbox.epoch && after.offset <= inbox.tip
  return { ...LIVE_ONLY, from: known ? after.offset : 0, epochChanged: !known }
}

function startFrom(store: MemoryStore, inbox: MemoryInbox, record: ResumeRecord, owner: string): Start {
  // A repeat of its own call resumes nobody.
  const resumed = record.owner !== owner
  const { tip } = inbox
  let from = record.confirmed
  let written = record.written
  let epochChanged = false
  if (record.epoch !== inbox.epoch) {
    from = 0
    epochChanged = true
  } else if (Math.max(record.confirmed, record.written ?? 0) > tip) {
    // The store lost its end. What came after the record was written may be unseen: at least once.
    inbox.epoch = store.newEpoch()
    from = Math.min(from, tip - inbox.pushedSince(record.at))
    epochChanged = true
  }
  if (epochChanged) written = null
  return {
    from,
    redeliveredThrough: from < tip ? (written ?? tip) : 0,
    resumed,
    epochChanged,
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
