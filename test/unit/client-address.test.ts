import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { parseNetworks } from '../../src/config/networks.ts'
import { createClientAddress, createRelayId } from '../../src/server/client-address.ts'

const request = (remoteAddress: string | undefined, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

test('a trusted proxy is believed who its client is, hop by hop; anybody else is the client', () => {
  const clientAddress = createClientAddress('10.0.0.0/8,::1')
  const cases: [remote: string | undefined, forwarded: string | undefined, client: string | null][] = [
    ['10.1.2.3', '192.0.2.7', '192.0.2.7'],
    ['::ffff:10.1.2.3', '192.0.2.7', '192.0.2.7'],
    ['::1', '2001:db8::7', '2001:db8::7'],
    ['::1', '192.0.2.7, 10.9.9.9', '192.0.2.7'],
    // What stands left of an address that is not trusted was written by who knows whom.
    ['10.1.2.3', '1.1.1.1, 192.0.2.7', '192.0.2.7'],
    ['192.0.2.9', '192.0.2.7', '192.0.2.9'],
    ['10.1.2.3', undefined, '10.1.2.3'],
    ['10.1.2.3', 'unknown', '10.1.2.3'],
    ['10.1.2.3', '10.4.4.4', '10.4.4.4'],
    [undefined, '192.0.2.7', null],
  ]
  for (const [remote, forwarded, client] of cases) {
    expect([remote, forwarded, clientAddress(request(remote, forwarded))]).toEqual([
      remote,
      forwarded,
      client,
    ])
  }
})

test('where nobody is trusted, the header counts nothing', () => {
  expect(createClientAddress('none')(request('127.0.0.1', '192.0.2.7'))).toBe('127.0.0.1')
})

test('what is neither address nor network is no list', () => {
  for (const wrong of ['', 'localhost', '10.0.0.0/33', '::1/129', '10.0.0.0/8/8', '10.0.0.0/', '1.2.3.4,']) {
    expect([wrong, parseNetworks(wrong)]).toEqual([wrong, null])
  }
})

test('a session is called what its gateway calls it, where that is trusted', () => {
  const relayId = createRelayId('10.0.0.0/8')
  const relayed = (remoteAddress: string, id: string) =>
    ({ socket: { remoteAddress }, headers: { 'x-cloudpush-relay': id } }) as unknown as IncomingMessage
  expect(relayId(relayed('10.0.0.1', 'abc'))).toBe('abc')
  expect(relayId(relayed('192.0.2.7', 'abc'))).toBe(null)
  expect(relayId(relayed('10.0.0.1', 'x'.repeat(65)))).toBe(null)
  expect(relayId(request('10.0.0.1'))).toBe(null)
})
