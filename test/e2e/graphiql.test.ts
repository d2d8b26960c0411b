import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { startTestGateway } from '../support/gateway.ts'
import { graphqlRequest, isOnline, PUSH, push } from '../support/graphql-request.ts'
import { SECRET, secretToken } from '../support/tokens.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

/** Opens GraphiQL with one operation in its editor and runs it. */
async function run(page: Page, graphqlUrl: string, operation: string): Promise<void> {
  await page.goto(`${graphqlUrl}?query=${encodeURIComponent(operation)}`)
  await page.getByRole('button', { name: /execute query/i }).click()
}

async function giveHeaders(page: Page, headers: Readonly<Record<string, string>>): Promise<void> {
  await page.getByRole('button', { name: 'Headers' }).click()
  await page.locator('.graphiql-editor-tool .monaco-editor').last().click()
  await page.keyboard.insertText(JSON.stringify(headers))
}

/** The editor shows blanks as no-break spaces. */
const result = async (page: Page) =>
  (await page.locator('.result-window').allInnerTexts()).join().replaceAll('\u00a0', ' ')

it('GraphiQL runs queries and mutations, and shows what is pushed, with no address but ours', async () => {
  await using gateway = await startTestGateway()
  await using browser = await openBrowser()
  const { page } = browser

  await run(page, gateway.graphqlUrl, 'subscription { messages(identifiers: ["alice"]) { payload } }')
  await expect.poll(() => isOnline(gateway, 'alice'), LIMIT).toBe(true)
  expect(browser.sockets).toEqual([gateway.wsUrl])
  await push(gateway, { to: ['alice'], payload: { text: 'to a browser' } })
  await expect.poll(() => result(page), LIMIT).toContain('to a browser')
  if (process.env['UPDATE_SCREENSHOTS']) await page.screenshot({ path: 'docs/images/graphiql.png' })

  await run(page, gateway.graphqlUrl, 'mutation { push(input: { to: ["bob"], payload: 1 }) { offline } }')
  await expect.poll(() => result(page), LIMIT).toMatch(/"offline": \[\s*"bob"\s*\]/)

  await run(page, gateway.graphqlUrl, '{ presence(identifiers: ["carol"]) { online } }')
  await expect.poll(() => result(page), LIMIT).toContain('"online": false')

  const outside = browser.requests.filter(
    (url) => !url.startsWith(gateway.url) && /^(https?|wss?):/.test(url),
  )
  expect(outside).toEqual([])
  expect(browser.sockets.filter((url) => url !== gateway.wsUrl)).toEqual([])
  expect(browser.errors).toEqual([])
})

it('GraphiQL shows the token in its headers to queries and to subscriptions, and keeps it nowhere', async () => {
  await using gateway = await startTestGateway({ jwtSecret: SECRET })
  const grants = { subscribe: ['alice'], push: ['alice'] }
  const authorization = `Bearer ${await secretToken({ sub: 'ann', cloudpush: grants })}`
  await using browser = await openBrowser()
  const { page } = browser

  await run(page, gateway.graphqlUrl, '{ presence(identifiers: ["alice"]) { online } }')
  await expect.poll(() => result(page), LIMIT).toContain('UNAUTHENTICATED')
  await giveHeaders(page, { authorization })
  await page.getByRole('button', { name: /execute query/i }).click()
  await expect.poll(() => result(page), LIMIT).toContain('"online": false')

  const listen = 'subscription { messages(identifiers: ["alice"]) { payload } }'
  await page.goto(`${gateway.graphqlUrl}?query=${encodeURIComponent(listen)}`)
  await giveHeaders(page, { authorization })
  await page.getByRole('button', { name: /execute query/i }).click()
  await expect
    .poll(async () => {
      await graphqlRequest(
        gateway,
        PUSH,
        { input: { to: ['alice'], payload: 'by token' } },
        { authorization },
      )
      return await result(page)
    }, LIMIT)
    .toContain('by token')

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
  expect(kept).toContain('presence')
  expect(kept).not.toContain('Bearer')
})
