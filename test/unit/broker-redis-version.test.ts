import { expect, test } from 'vitest'
import { refusalOf } from '../../src/broker/redis/version.ts'

test('a server that is too old is refused with what to do', () => {
  expect(refusalOf('# Server\r\nredis_version:6.2.14\r\n', 'db:6379')).toBe(
    'Redis 6.2.14 at db:6379 is too old: Redis 7.0 or Valkey 7.2 at least is needed. Upgrade it, or name another one with --redis.',
  )
  expect(
    refusalOf('redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:7.1.0\r\n', 'db:6379'),
  ).toMatch(/^Valkey 7\.1\.0/)
  expect(refusalOf('nothing that we know', 'db:6379')).toMatch(/too old/)
})

test('new enough servers are taken', () => {
  for (const info of [
    'redis_version:7.0.0',
    'redis_version:8.2.1',
    'redis_version:7.2.4\r\nvalkey_version:7.2.5',
    'redis_version:10.0',
  ]) {
    expect(refusalOf(info, 'db:6379')).toBeNull()
  }
})
