import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousFindings } from '../support/axe.ts'
import { type BrowserPage, openBrowser } from '../support/browser.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { SECRET, secretToken } from '../support/tokens.ts'

const PAGES = ['', '/identifiers?of=alice', '/push', '/statistics', '/settings']

let gateway: TestGateway
let locked: TestGateway
let browser: BrowserPage
let page: Page

beforeAll(async () => {
  ;[gateway, locked, browser] = await Promise.all([
    startTestGateway(),
    startTestGateway({ jwtSecret: SECRET }),
    openBrowser(),
  ])
  page = browser.page
  page.setDefaultTimeout(30_000)
  await push(gateway, { to: ['alice'], payload: { text: 'hi' } })
})

afterAll(async () => {
  await Promise.all([browser, gateway, locked].map((each) => each?.[Symbol.asyncDispose]()))
})

/** Opens a page of the console; resolves when it shows something of the server. */
async function open(path: string): Promise<void> {
  await page.goto(`${gateway.url}/console${path}`)
  await page.getByRole('status', { name: 'Connection: Live' }).waitFor()
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
}

describe.each(['light', 'dark'] as const)('in %s colours axe finds nothing serious', (colorScheme) => {
  it.each(PAGES)('on /console%s', async (path) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await open(path)
    expect(await seriousFindings(page)).toEqual([])
  })

  it('where it asks before it drains', async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await open('')
    await page.getByRole('button', { name: /^Drain / }).click()
    await page.getByRole('dialog').getByLabel('Seconds').waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it('where it says what is wrong', async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await open('/push')
    await page.getByRole('textbox', { name: 'Payload (JSON)' }).fill('{"text": oops}')
    await page.getByText('Line 1, column 10').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await open('/settings')
    await page.getByRole('textbox', { name: 'Idle timeout' }).fill('0')
    await page.getByRole('button', { name: 'Apply 1 change …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('alert').waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it('where it shows messages and receipts', async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await open('/identifiers?of=alice')
    await page.getByRole('switch', { name: 'Watch' }).check()
    await page.getByText('Online', { exact: true }).waitFor()
    await push(gateway, { to: ['alice'], payload: { text: 'seen' } })
    await page.getByRole('log', { name: 'Messages to alice' }).getByText('"seen"').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await open('/push')
    await page.getByRole('combobox', { name: 'Recipients' }).fill('nobody')
    await page.getByRole('button', { name: 'Push', exact: true }).click()
    await page.getByText('Offline: nobody.').waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it('where it asks for a token', async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.goto(`${locked.url}/console`)
    await page.getByLabel('Token', { exact: true }).waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })
})

it('a phone shows every page without scrolling sideways, and its menu leads everywhere', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of PAGES) {
    await open(path)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  }
  await open('')
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  await page.setViewportSize({ width: 1280, height: 800 })
})

it('a keyboard alone looks an identifier up', async () => {
  await open('/identifiers')
  await page.keyboard.press('Tab')
  await page.getByRole('textbox', { name: 'Identifier' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.type('alice')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'alice', exact: true }).getByText('Offline').waitFor()
})

it('a keyboard alone asks to drain, thinks better of it, and is where it was', async () => {
  await open('')
  const drain = page.getByRole('button', { name: /^Drain / })
  await drain.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  const focused = dialog.locator(':focus')
  await dialog.getByRole('button', { name: 'Drain', exact: true }).and(page.locator(':focus')).waitFor()
  for (let n = 0; n < 6; n++) {
    await page.keyboard.press('Tab')
    await focused.waitFor()
  }
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await drain.and(page.locator(':focus')).waitFor()
})

it('a keyboard gets out of the editor, and past what stands on every page', async () => {
  await open('/push')
  const editor = page.getByRole('textbox', { name: 'Payload (JSON)' })
  await editor.focus()
  await page.keyboard.press('Tab')
  await page.getByRole('textbox', { name: 'Delay' }).and(page.locator(':focus')).waitFor()
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.getByRole('link', { name: 'Skip to the page' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.getByRole('main').locator(':focus').waitFor({ state: 'attached' })
})

it('where authentication is on it asks for a token, says why one is refused, and lets an admin in', async () => {
  await page.goto(`${locked.url}/console`)
  const token = page.getByLabel('Token', { exact: true })
  await token.fill(await secretToken({ cloudpush: { admin: true } }, `${SECRET}, another one`))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('That token was refused').waitFor()
  await token.fill(await secretToken({ cloudpush: { admin: true } }))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('article', { name: `Replica ${locked.replica.id}` }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await token.fill(await secretToken({ cloudpush: { subscribe: ['alice'] } }))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('Your token does not allow this').first().waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await token.waitFor()
  expect(browser.errors).toEqual([])
})
