import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { STOCK_CLIENTS } from '../support/clients/all.ts'
import type { StockMessage } from '../support/clients/stock-client.ts'
import { startTestGateway } from '../support/gateway.ts'
import { graphqlRequest, isOnline, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'

const LIMIT = { timeout: 30_000, interval: 20 }

describe.each(Object.entries(STOCK_CLIENTS))('an unmodified %s client', (_name, createClient) => {
  it('receives what is pushed to its identifiers and to everyone, each message once, in order', async () => {
    await using gateway = await startTestGateway()
    const client = createClient({ url: gateway.wsUrl, webSocketImpl: WebSocket })
    const messages: StockMessage[] = []
    const failures: unknown[] = []
    const unsubscribe = client.subscribe(
      ['alice', 'room:1'],
      (message) => messages.push(message),
      (error) => failures.push(error),
    )
    try {
      await expect.poll(() => isOnline(gateway, 'alice'), LIMIT).toBe(true)
      for (let n = 0; n < 50; n++)
        await push(gateway, { to: ['alice'], payload: { n, text: 'grüße 🦊 "quoted"' } })
      await push(gateway, { to: ['room:1', 'alice'], payload: [1, 2, { deep: [true] }] })
      await push(gateway, { everyone: true, payload: 'all' })
      await expect.poll(() => messages.length, LIMIT).toBe(53)
      expect(failures).toEqual([])
      const alice = messages.filter(({ identifier }) => identifier === 'alice')
      expect(alice.map(({ payload }) => payload).slice(0, 50)).toEqual(
        Array.from({ length: 50 }, (_, n) => ({ n, text: 'grüße 🦊 "quoted"' })),
      )
      expect(
        messages.filter(({ identifier }) => identifier === 'room:1').map(({ payload }) => payload),
      ).toEqual([[1, 2, { deep: [true] }]])
      expect(messages.filter(({ identifier }) => identifier === '*').map(({ payload }) => payload)).toEqual([
        'all',
      ])
      expect(messages.some(({ redelivered, missed }) => redelivered || missed !== 0)).toBe(false)
    } finally {
      unsubscribe()
      await expect.poll(() => isOnline(gateway, 'alice'), LIMIT).toBe(false)
      await client.dispose()
    }
  })

  it('pushes to another client over its own socket', async () => {
    await using gateway = await startTestGateway()
    await using other = await RawClient.connect(gateway)
    await other.subscribe('1', ['bob'])
    const client = createClient({ url: gateway.wsUrl, webSocketImpl: WebSocket })
    try {
      await client.push('bob', { text: 'from a client' })
      expect(await other.nextMessage('1')).toMatchObject({
        payload: { text: 'from a client' },
        trigger: 'WEBSOCKET',
      })
    } finally {
      await client.dispose()
    }
  })

  it('is told when an operator disconnects it, and gives its operation up, however long it would retry', async () => {
    await using gateway = await startTestGateway()
    const client = createClient({ url: gateway.wsUrl, webSocketImpl: WebSocket, retryForever: true })
    const failures: unknown[] = []
    const unsubscribe = client.subscribe(
      ['alice'],
      () => {},
      (error) => failures.push(error),
    )
    try {
      await expect.poll(() => isOnline(gateway, 'alice'), LIMIT).toBe(true)
      const answer = await graphqlRequest(gateway, 'mutation { disconnect(identifiers: ["alice"]) }')
      expect(answer.data).toEqual({ disconnect: 1 })
      await expect.poll(() => failures.length, LIMIT).toBe(1)
      await expect.poll(() => isOnline(gateway, 'alice'), LIMIT).toBe(false)
      expect(failures).toHaveLength(1)
    } finally {
      unsubscribe()
      await client.dispose()
    }
  })
})
