import { expect, test } from 'vitest'
import type { Confirmation, ResumeKey } from '../../../../src/broker/broker.ts'
import { attach, type CreateCluster, openWorld, pushMany, type Replica, range, resumeKey } from './world.ts'

interface Progress {
  readonly epoch: string
  readonly confirmed: number
  readonly written?: number
}

function confirmation(resume: ResumeKey, { epoch, confirmed, written }: Progress): Confirmation {
  return { identifier: 'alice', resume, epoch, confirmed, written: written ?? null }
}

const confirm = ({ broker }: Replica, resume: ResumeKey, progress: Progress) =>
  broker.confirm([confirmation(resume, progress)])

const close = ({ broker }: Replica, resume: ResumeKey, progress: Progress) =>
  broker.detach([
    { identifier: 'alice', subscriptions: 0, confirmation: confirmation(resume, progress), forget: null },
  ])

export function resuming(create: CreateCluster): void {
  test('a session that was killed is resumed from what was confirmed; all up to the tip may be a repeat', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const { epoch } = await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 5)
    await confirm(a, resumeKey('op'), { epoch, confirmed: 2 })
    const resumed = await attach(b, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({
      tip: 5,
      from: 2,
      redeliveredThrough: 5,
      resumed: true,
      mayMiss: false,
    })
  })

  test('the record exists from the moment of attaching', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 2)
    await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 1)
    const resumed = await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({ from: 2, redeliveredThrough: 3, resumed: true })
  })

  test('what can be resumed is told, of the one identifier, subject and operation, and asking makes no record', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const b = await world.replica('b')
    const resume = resumeKey('op')
    expect(await b.broker.isResumable('alice', resume)).toBe(false)
    expect(await b.broker.isResumable('alice', resume)).toBe(false)
    await attach(a, 'alice', { resume })
    expect(await b.broker.isResumable('alice', resume)).toBe(true)
    expect(await b.broker.isResumable('bob', resume)).toBe(false)
    expect(await b.broker.isResumable('alice', { ...resume, subject: 'another' })).toBe(false)
    expect(await b.broker.isResumable('alice', { ...resume, operationId: 'another' })).toBe(false)
    await a.broker.detach([{ identifier: 'alice', subscriptions: 0, confirmation: null, forget: resume }])
    expect(await b.broker.isResumable('alice', resume)).toBe(false)
  })

  test('after a clean close only what was written may be a repeat', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 3)
    await close(a, resumeKey('op'), { epoch, confirmed: 1, written: 3 })
    await pushMany(a, 'alice', 4)
    const resumed = await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({ tip: 7, from: 1, redeliveredThrough: 3, resumed: true })
  })

  test('a subscription that had everything starts at the tip and repeats nothing', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 3)
    await confirm(a, resumeKey('op'), { epoch, confirmed: 3 })
    const resumed = await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({ tip: 3, from: 3, redeliveredThrough: 0, resumed: true })
  })

  test('the same session that attaches again resumes nobody, and loses nothing', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 1)
    expect(await attach(a, 'alice', { resume: resumeKey('op') })).toMatchObject({ from: 0, resumed: false })
  })

  test('what a former owner writes is ignored', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const [former, current] = [resumeKey('op', 'session-1'), resumeKey('op', 'session-2')]
    const { epoch } = await attach(a, 'alice', { resume: former })
    await pushMany(a, 'alice', 4)
    await attach(a, 'alice', { resume: current })
    await confirm(a, current, { epoch, confirmed: 1 })
    await confirm(a, former, { epoch, confirmed: 4 })
    await close(a, former, { epoch, confirmed: 4, written: 4 })
    await a.broker.detach([{ identifier: 'alice', subscriptions: 0, confirmation: null, forget: former }])
    const resumed = await attach(a, 'alice', { resume: resumeKey('op', 'session-3') })
    expect(resumed).toMatchObject({ from: 1, redeliveredThrough: 4, resumed: true })
  })

  test('what was confirmed stays confirmed, in whatever order it is told', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 5)
    await confirm(a, resumeKey('op'), { epoch, confirmed: 4 })
    await confirm(a, resumeKey('op'), { epoch, confirmed: 2 })
    expect(await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })).toMatchObject({ from: 4 })
  })

  test('a completed operation is forgotten by its owner', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 2)
    await a.broker.detach([
      { identifier: 'alice', subscriptions: 0, confirmation: null, forget: resumeKey('op') },
    ])
    const attached = await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(attached).toMatchObject({ from: 2, resumed: false })
  })

  test('a record that is gone is made anew by the next confirmation', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice')
    await pushMany(a, 'alice', 3)
    await confirm(a, resumeKey('op'), { epoch, confirmed: 1 })
    expect(await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })).toMatchObject({
      from: 1,
      resumed: true,
    })
  })

  test('records of other subjects, operations and identifiers stay apart, whatever their names', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice')
    await pushMany(a, 'alice', 3)
    const names = [
      ['a', 'b:c'],
      ['a:b', 'c'],
      ['', 'a:b:c'],
      ['a\n', '\0'],
      ['a\n\0', ''],
    ] as const
    for (const [index, [subject, operationId]] of names.entries()) {
      if (index % 2) await confirm(a, resumeKey(operationId, 'one', subject), { epoch, confirmed: 1 })
    }
    for (const [index, [subject, operationId]] of names.entries()) {
      const attached = await attach(a, 'alice', { resume: resumeKey(operationId, 'two\n:', subject) })
      expect([subject, operationId, attached.from]).toEqual([subject, operationId, index % 2 ? 1 : 3])
      const again = await attach(a, 'alice', { resume: resumeKey(operationId, 'two\n:', subject) })
      expect(again.resumed).toBe(false)
    }
  })

  test('a record lasts resumeSeconds after its session closed, and no longer', async () => {
    await using world = await openWorld(create, { resumeSeconds: 1 })
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice')
    await pushMany(a, 'alice', 2)
    // Looking at a record makes it one's own, so each look has one for itself.
    const records = range(1, 2_000).map((index) => resumeKey(`op-${index}`))
    await a.broker.detach(
      records.map((resume) => ({
        identifier: 'alice',
        subscriptions: 1,
        confirmation: confirmation(resume, { epoch, confirmed: 1, written: 2 }),
        forget: null,
      })),
    )
    const looks = records.values()
    const resumed = async () => {
      const { value: record } = looks.next()
      if (!record) throw new Error('no record is left to look at')
      return (await attach(a, 'alice', { resume: { ...record, owner: 'session-2' } })).resumed
    }
    expect(await resumed()).toBe(true)
    await world.until('the record is gone', async () => !(await resumed()))
  })

  test('after is where a new operation starts; a record wins over it', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 5)
    const { epoch } = await attach(a, 'alice')
    const after = { epoch, offset: 3 }
    const attached = await attach(a, 'alice', { after, resume: resumeKey('op') })
    expect(attached).toMatchObject({ from: 3, redeliveredThrough: 0, resumed: false, mayMiss: false })
    expect(await attach(a, 'alice', { after })).toMatchObject({ from: 3, resumed: false })
    await confirm(a, resumeKey('op'), { epoch, confirmed: 4 })
    const resumed = await attach(a, 'alice', { after, resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({ from: 4, resumed: true })
  })

  test('an after of another epoch, or beyond the tip, starts at the beginning and says so; others go on undisturbed', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await pushMany(a, 'alice', 2)
    const { epoch } = await attach(a, 'alice')
    for (const after of [
      { epoch: 'other', offset: 1 },
      { epoch, offset: 3 },
    ]) {
      const attached = await attach(a, 'alice', { after })
      expect(attached).toMatchObject({ epoch, from: 0, redeliveredThrough: 0, mayMiss: true })
    }
  })

  test('a record or an after of a former epoch goes on where that is still the same, and says that messages may be lost', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice')
    for (const [operation, confirmed] of Object.entries({ behind: 2, beyond: 6 })) {
      await attach(a, 'alice', { resume: resumeKey(operation) })
      await confirm(a, resumeKey(operation), { epoch, confirmed })
    }
    await pushMany(a, 'alice', 4)
    const [tip] = await a.broker.rehold([{ identifier: 'alice', subscriptions: 1, epoch, offset: 9 }])
    await pushMany(a, 'alice', 4)
    const resume = (operation: string) => attach(a, 'alice', { resume: resumeKey(operation, 'session-2') })
    const common = { epoch: tip?.epoch, tip: 8, resumed: true, mayMiss: true }
    expect(await resume('behind')).toMatchObject({ ...common, from: 2, redeliveredThrough: 8 })
    expect(await resume('beyond')).toMatchObject({ ...common, from: 4, redeliveredThrough: 8 })
    const next = await attach(a, 'alice', { resume: resumeKey('beyond', 'session-3') })
    expect(next).toMatchObject({ from: 4, resumed: true, mayMiss: false })
    for (const [offset, from] of [
      [3, 3],
      [6, 4],
    ] as const) {
      const attached = await attach(a, 'alice', { after: { epoch, offset } })
      expect(attached).toMatchObject({ epoch: tip?.epoch, from, mayMiss: true })
    }
  })

  test('a record of an epoch that nobody knows starts at the beginning; everything may be a repeat', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 2)
    await close(a, resumeKey('op'), { epoch: 'other', confirmed: 1, written: 1 })
    const resumed = await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({ from: 0, redeliveredThrough: 2, resumed: true, mayMiss: true })
    const next = await attach(a, 'alice', { resume: resumeKey('op', 'session-3') })
    expect(next).toMatchObject({ from: 0, resumed: true, mayMiss: false })
  })

  test('a record beyond the tip begins a new epoch: others hear of the loss as well', async () => {
    await using world = await openWorld(create)
    const a = await world.replica('a')
    const { epoch } = await attach(a, 'alice', { resume: resumeKey('op') })
    await pushMany(a, 'alice', 3)
    await confirm(a, resumeKey('op'), { epoch, confirmed: 10 })
    const resumed = await attach(a, 'alice', { resume: resumeKey('op', 'session-2') })
    expect(resumed).toMatchObject({ tip: 3, from: 3, resumed: true, mayMiss: true, redeliveredThrough: 10 })
    expect(resumed.epoch).not.toBe(epoch)
    const other = await a.broker.read('alice', { epoch, offset: 2 }, 10)
    expect(other).toMatchObject({ epoch: resumed.epoch, kept: 3, lossy: true })
  })
}
