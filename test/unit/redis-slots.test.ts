import { expect, test } from 'vitest'
import { createKeys } from '../../src/broker/redis/keys.ts'
import { balancedTags, slotOf } from '../../src/broker/redis/slots.ts'

test('slots are those of the specification', () => {
  expect(slotOf('123456789')).toBe(0x31c3)
  expect(slotOf('{user1000}.following')).toBe(slotOf('user1000'))
  expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'))
  expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'))
  expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'))
})

test('each of three, five or seven masters has its share of the partitions', () => {
  const slots = balancedTags(64).map(slotOf)
  expect(new Set(slots).size).toBe(64)
  for (const masters of [3, 5, 7]) {
    const shares = new Array<number>(masters).fill(0)
    for (const slot of slots) {
      const master = Math.floor((slot * masters) / 16_384)
      shares[master] = (shares[master] ?? 0) + 1
    }
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
  }
})

test('identifiers are spread over the partitions, and what belongs to one of them has one slot', () => {
  const keys = createKeys('cp', 'cluster')
  const counts = new Array<number>(64).fill(0)
  for (let n = 0; n < 64_000; n++) {
    const partition = keys.partitionOf(`user:${n}`)
    counts[partition] = (counts[partition] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(800)
  expect(Math.max(...counts)).toBeLessThan(1_200)
  const partition = keys.partitionOf('al{i}ce')
  const slot = keys.slotOf(partition)
  for (const key of [
    keys.meta('al{i}ce'),
    keys.inbox('al{i}ce'),
    keys.resume('al{i}ce', 'anna', 'op'),
    keys.push(partition, '{x}'),
    keys.due(partition),
    `${keys.toPrefix(partition)}r-1`,
    keys.forgotten(partition),
  ]) {
    expect(slotOf(key)).toBe(slot)
  }
})
