import { expect, test } from 'vitest'
import { parseRedisUrl, redisAddress } from '../../src/config/redis-url.ts'

const NOTHING = { tls: false, username: null, password: null, database: 0, masterName: '' }

test('every kind of Redis is read from its URL', () => {
  expect(parseRedisUrl('redis://db')).toEqual({
    ...NOTHING,
    mode: 'standalone',
    hosts: [{ host: 'db', port: 6379 }],
  })
  expect(parseRedisUrl('rediss://anna:se%2Fcret@[::1]:6380/3')).toEqual({
    ...NOTHING,
    mode: 'standalone',
    tls: true,
    hosts: [{ host: '::1', port: 6380 }],
    username: 'anna',
    password: 'se/cret',
    database: 3,
  })
  expect(parseRedisUrl('redis+sentinel://:secret@s1,s2:26380/mymaster/2')).toEqual({
    ...NOTHING,
    mode: 'sentinel',
    hosts: [
      { host: 's1', port: 26379 },
      { host: 's2', port: 26380 },
    ],
    password: 'secret',
    database: 2,
    masterName: 'mymaster',
  })
  expect(parseRedisUrl('rediss+cluster://anna:50%@n1:7000,n2')).toEqual({
    ...NOTHING,
    mode: 'cluster',
    tls: true,
    hosts: [
      { host: 'n1', port: 7000 },
      { host: 'n2', port: 6379 },
    ],
    username: 'anna',
    password: '50%',
  })
})

test('what is wrong with a URL is said without repeating it', () => {
  for (const [url, what] of [
    ['http://secret@h', /must be a URL such as/],
    ['redis://', /must be a URL such as/],
    ['redis://secret@a,b', /redis\+sentinel:\/\/ or redis\+cluster:\/\//],
    ['redis://secret@h:0', /host or host:port/],
    ['redis://secret@h:70000', /host or host:port/],
    ['redis+cluster://secret@a,,b', /host or host:port/],
    ['redis+cluster://secret@a/1', /database 0 only/],
    ['redis+sentinel://secret@a', /name of the master/],
    ['redis+sentinel://secret@a/name/x', /name of the master/],
    ['redis://secret@h/name', /number of the database/],
  ] as const) {
    expect(parseRedisUrl(url)).toMatch(what)
    expect(parseRedisUrl(url)).not.toMatch('secret')
  }
})

test('an address never shows the password', () => {
  expect(redisAddress('redis://user:secret@db.example:6380/2')).toBe('db.example:6380')
  expect(redisAddress('redis+sentinel://:secret@a,b/main')).toBe('a:26379,b:26379/main')
})
