import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { parseMetrics } from '../support/metric-lint.ts'
import { RawClient } from '../support/raw-client.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const get = (path: string, init: RequestInit = {}) => fetch(`${gateway.url}${path}`, init)

describe('/healthz and /readyz', () => {
  test.each(['/healthz', '/readyz', '/readyz?verbose=1'])('%s answers 200 in text', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await response.text()).toMatch(/^(ok|ready)\n$/)
  })

  test('/readyz answers 503 and why while the replica drains; /healthz still answers 200', async () => {
    await using leaving = await startTestGateway()
    const clients = [await RawClient.connect(leaving), await RawClient.connect(leaving)]
    const stopped = leaving.replica.stop(1)
    const ready = await fetch(`${leaving.url}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([503, 'draining\n'])
    expect((await fetch(`${leaving.url}/healthz`)).status).toBe(200)
    for (const client of clients) expect((await client.closed()).code).toBe(1012)
    await stopped
    await expect(fetch(`${leaving.url}/healthz`)).rejects.toThrow()
  })

  test('a connection that comes while the replica drains is accepted, then closed with 1012', async () => {
    await using leaving = await startTestGateway()
    await using staying = await RawClient.connect(leaving)
    const stopped = leaving.replica.stop(1)
    await using late = await RawClient.open(leaving)
    expect((await late.closed()).code).toBe(1012)
    await staying.closed()
    await stopped
  })

  test('a connection over capacity is accepted, then closed with 1013; once there is room one may stay', async () => {
    await using small = await startTestGateway({ capacity: 1 })
    await using first = await RawClient.connect(small)
    await using second = await RawClient.connect(small)
    second.send({
      id: '1',
      type: 'subscribe',
      payload: { query: 'subscription { messages(identifiers: "new") { id } }' },
    })
    expect((await second.closed()).code).toBe(1013)
    first.socket.close(1000)
    await first.closed()
    await expect.poll(() => sample(small, 'cloudpush_sessions'), { timeout: 20_000 }).toBe(0)
    await using third = await RawClient.connect(small)
    await third.fence()
  })
})

async function sample({ url }: TestGateway, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return parseMetrics(text).get(name)?.samples[0]?.value
}

describe('/metrics', () => {
  test('is text that Prometheus reads, each metric with its help and type', async () => {
    const response = await get('/metrics')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    expect(text.endsWith('\n')).toBe(true)
    for (const { name, help, type } of parseMetrics(text).values()) {
      expect([name, help !== null, type !== null]).toEqual([name, true, true])
    }
  })

  test('count what happens', async () => {
    await using counted = await startTestGateway()
    expect(await sample(counted, 'cloudpush_sessions')).toBe(0)
    expect(await sample(counted, 'cloudpush_broker_available')).toBe(1)
    await using client = await RawClient.connect(counted)
    await client.subscribe('one', ['alice'])
    await client.subscribe('other', ['alice', 'bob'])
    expect(await sample(counted, 'cloudpush_sessions')).toBe(1)
    expect(await sample(counted, 'cloudpush_subscriptions')).toBe(2)
    await push(counted, { to: ['alice'], payload: 1 })
    await client.nextMessage('one')
    await client.nextMessage('other')
    expect(await sample(counted, 'cloudpush_messages_sent_total')).toBe(2)
    await expect
      .poll(() => sample(counted, 'cloudpush_messages_delivered_total'), { timeout: 20_000 })
      .toBe(2)
    client.socket.close(1000)
    await client.closed()
    await expect.poll(() => sample(counted, 'cloudpush_sessions'), { timeout: 20_000 }).toBe(0)
    expect(await sample(counted, 'cloudpush_subscriptions')).toBe(0)
  })
})

describe('pages', () => {
  test.each([
    '/nowhere',
    '/graphql/',
    '/healthz/',
    '/__proto__',
    '/constructor',
    '/..%2fpackage.json',
    '//',
    '/GRAPHQL',
  ])('%s is not there: 404 in text, and where to go instead', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await response.text()).toContain('/graphql')
  })

  test('/ leads to GraphiQL', async () => {
    const response = await get('/', { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql'])
  })

  test.each(['/graphql', '/console'])(
    '%s in a browser is a page that loads nothing from outside',
    async (path) => {
      const response = await get(path, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^text\/html/)
      const page = await response.text()
      expect(page).toMatch(/^\s*<!doctype html>/i)
      expect(loadedFromOutside(page)).toEqual([])
    },
  )

  test('GraphiQL is told to subscribe over WebSocket', async () => {
    const page = await (await get('/graphql', { headers: { accept: 'text/html' } })).text()
    expect(page).toMatch(/"subscriptionsProtocol"\s*:\s*"WS"/)
  })
})

/** What a page's tags, styles and inline imports would fetch from another host. Text in scripts is no address. */
function loadedFromOutside(page: string): string[] {
  const scripts = [...page.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/gi)].map(([, body = '']) => body)
  const rest = page.replaceAll(/(<script\b[^>]*>)[\s\S]*?<\/script>/gi, '$1')
  const outside = String.raw`(?:https?:)?//[^"'\s)]+`
  return [
    ...rest.matchAll(
      new RegExp(
        String.raw`<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href|srcset)\s*=\s*["']?${outside}`,
        'gi',
      ),
    ),
    ...rest.matchAll(new RegExp(String.raw`(?:url\(\s*|@import\s+)["']?${outside}`, 'gi')),
    ...scripts.flatMap((body) => [
      ...body.matchAll(new RegExp(String.raw`\b(?:import|importScripts|fetch)\s*\(\s*["']${outside}`, 'g')),
      ...body.matchAll(new RegExp(String.raw`\b(?:from|import)\s*["']${outside}`, 'g')),
    ]),
  ].map(([found]) => found.slice(0, 200))
}
