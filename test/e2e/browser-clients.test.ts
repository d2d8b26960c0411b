import { beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { bundleClientsPage } from '../support/browser-page/bundle.ts'
import type { ClientsPage } from '../support/browser-page/clients.ts'
import { STOCK_CLIENTS } from '../support/clients/all.ts'
import { startTestGateway } from '../support/gateway.ts'
import { isOnline, push } from '../support/graphql-request.ts'

declare const clientsPage: ClientsPage

const LIMIT = { timeout: 30_000, interval: 50 }

let script: string

beforeAll(async () => {
  script = await bundleClientsPage()
})

describe.each(Object.keys(STOCK_CLIENTS))('an unmodified %s client in Chromium', (name) => {
  it('receives what is pushed, and pushes', async () => {
    await using gateway = await startTestGateway()
    await using browser = await openBrowser()
    const { page } = browser
    // Any page of the gateway's origin will do.
    await page.goto(`${gateway.url}/healthz`)
    await page.addScriptTag({ content: script })
    await page.evaluate(([client, url]) => clientsPage.start(client, url, ['alice'], false), [
      name,
      gateway.wsUrl,
    ] as const)
    await expect.poll(() => isOnline(gateway, 'alice'), LIMIT).toBe(true)

    for (let n = 0; n < 20; n++) await push(gateway, { to: ['alice'], payload: { n, text: '🦊' } })
    await page.evaluate(() => clientsPage.push('alice', 'from the browser itself'))
    const received = () => page.evaluate(() => clientsPage.messages)
    await expect.poll(async () => (await received()).length, LIMIT).toBe(21)
    const payloads = (await received()).map(({ payload }) => payload)
    expect(payloads).toEqual([
      ...Array.from({ length: 20 }, (_, n) => ({ n, text: '🦊' })),
      'from the browser itself',
    ])
    expect(await page.evaluate(() => clientsPage.failures)).toEqual([])
    expect(browser.errors).toEqual([])
  })
})
