import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { type GatewayProcess, isReady, startGatewayProcess, startTestGateway } from '../support/gateway.ts'
import { push } from '../support/graphql-request.ts'
import { randomFrom } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'
import { SECRET } from '../support/tokens.ts'

const LIMIT = { timeout: 60_000, interval: 50 }
const CLIENTS = 150
const ACKNOWLEDGE =
  'mutation ($id: ID!, $identifier: ID!) { acknowledge(messageId: $id, identifier: $identifier) }'
/** So that the charts of the statistics have something to show. */
const TRAFFIC_MS = 120_000 // 2 minutes
/** So that the sparklines of the overview are full. */
const WATCH_MS = 62_000 // 62 seconds

test('the console of a cluster that is at work shows every page as it should look', async () => {
  await using redis = await startRedis()
  const start = (id: string) =>
    startGatewayProcess({
      args: ['--redis', redis.url, '--replica-id', id, '--capacity', '100', '--log-level', 'warn'],
    })
  await using _first = await start('berlin-1')
  await using _second = await start('berlin-2')
  await using third = await start('berlin-3')
  await using door = await startGatewayProcess({ command: 'gateway', args: ['--redis', redis.url] })
  await using locked = await startTestGateway({ jwtSecret: SECRET })
  await vi.waitUntil(() => isReady(door), LIMIT)
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const traffic = beTraffic(door, stop.signal)
  try {
    await delay(TRAFFIC_MS)
    await using browser = await openBrowser()
    const { page } = browser
    page.setDefaultTimeout(LIMIT.timeout)
    const open = async (path: string) => {
      await page.goto(`${door.url}/console${path}`)
      await page.getByRole('status', { name: 'Connection: Live' }).waitFor()
      await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
    }

    await open('/identifiers?of=device:7')
    await page.getByRole('switch', { name: 'Watch' }).check()
    await page.getByText(/^[3-9] received/).waitFor()
    await screenshot(page, 'identifiers')

    await open('/push')
    await page
      .getByRole('textbox', { name: 'Payload (JSON)' })
      .fill('{\n  "order": 4711,\n  "status": "SHIPPED"\n}')
    await page.getByText('Everyone', { exact: true }).click()
    await page.getByRole('button', { name: 'Push to everyone' }).click()
    const delivered = (to: string) =>
      page
        .getByRole('article', { name: `Push to ${to}` })
        .getByRole('progressbar', { name: 'Delivered of sent' })
    await expect.poll(() => delivered('everyone').getAttribute('aria-valuenow'), LIMIT).toBe('100')
    await page.getByText('Some identifiers').click()
    const recipients = page.getByRole('combobox', { name: 'Recipients' })
    for (const name of ['device:3', 'device:12', 'device:999']) {
      await recipients.fill(name)
      await recipients.press('Enter')
    }
    await page.getByRole('button', { name: 'Push', exact: true }).click()
    const names = 'device:3, device:12, device:999'
    await expect.poll(() => delivered(names).getAttribute('aria-valuenow'), LIMIT).toBe('100')
    await page
      .getByRole('textbox', { name: 'Payload (JSON)' })
      .fill('{\n  "order": 4711,\n  "status": SHIPPED\n}')
    await page.getByText('Line 3, column 13').waitFor()
    await screenshot(page, 'push')

    await open('/statistics')
    await page.getByText('15 min', { exact: true }).click()
    await page.getByRole('img', { name: /^Messages per minute: [0-9,]+ sent/ }).waitFor()
    await delay(2_000) // the next event comes with the other range
    await page.setViewportSize({ width: 1280, height: 1120 })
    await screenshot(page, 'statistics')
    await page.setViewportSize({ width: 1280, height: 800 })

    await open('/settings')
    await page.getByRole('textbox', { name: 'Push rate' }).fill('500')
    await page.getByRole('button', { name: 'Apply 1 change …' }).click()
    await page.getByRole('dialog', { name: 'Change every replica' }).waitFor()
    await screenshot(page, 'settings')

    await page.goto(`${locked.url}/console`)
    await page.getByLabel('Token', { exact: true }).waitFor()
    await screenshot(page, 'sign-in')

    await open('')
    await delay(WATCH_MS)
    await screenshot(page, 'overview')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 390, height: 844 })
    await screenshot(page, 'phone')
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('button', { name: 'Drain berlin-2' }).click()
    const dialog = page.getByRole('dialog', { name: 'Drain berlin-2' })
    await dialog.getByLabel('Seconds').fill('12')
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await page.getByText(/Draining: [12]?[0-9] sessions still to move/).waitFor()
    await screenshot(page, 'drain')
    await page.getByRole('button', { name: 'Undrain berlin-2' }).click()
    await page.emulateMedia({ colorScheme: 'light' })

    third.kill('SIGKILL')
    await page.getByRole('alert').getByText('Replica berlin-3 is gone').waitFor()
    await delay(3_000)
    await screenshot(page, 'killed')
    expect(browser.errors).toEqual([])
  } finally {
    stop.abort()
    await traffic
  }
})

/** The docs' own: kept where UPDATE_SCREENSHOTS asks for it. */
async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env['UPDATE_SCREENSHOTS']) return
  await page.waitForTimeout(700) // what fades in has done so
  await page.screenshot({ path: `docs/images/console-${name}.png` })
}

/** Clients that come, stay for a while, acknowledge some of what they get and go; and pushes to them, in waves. */
async function beTraffic(door: GatewayProcess, signal: AbortSignal): Promise<void> {
  const random = randomFrom(7)
  const wait = (ms: number) => delay(ms, undefined, { signal }).catch(() => {})
  const live = async (n: number) => {
    await wait(random() * 20_000)
    while (!signal.aborted) {
      await using client = await RawClient.connect(door)
      await client.subscribe(randomUUID(), [`device:${n}`, 'room:lobby'])
      const until = performance.now() + (n === 7 ? 3_600_000 : 20_000 + random() ** 3 * 400_000)
      while (!signal.aborted && performance.now() < until) {
        await wait(1_000)
        for (const { payload } of client.untaken('next').slice(-1)) {
          if (random() > 0.6) continue
          const { id, identifier } = (payload as { data: { messages: { id: string; identifier: string } } })
            .data.messages
          await client.request(randomUUID(), ACKNOWLEDGE, { id, identifier })
        }
      }
    }
  }
  const pushing = async () => {
    for (let n = 0; !signal.aborted; n++) {
      const wave = 1 + Math.sin(performance.now() / 40_000) / 2 + random() / 3
      const to = n % 40 === 0 ? ['room:lobby'] : [`device:${Math.floor(random() * CLIENTS)}`]
      const payload = { order: 4_000 + n, status: ['PAID', 'PACKED', 'SHIPPED'][n % 3] }
      await push(door, { to: n % 25 === 0 ? ['device:7'] : to, payload }).catch(() => {})
      await wait(40 / wave)
    }
  }
  await Promise.all([pushing(), ...Array.from({ length: CLIENTS }, (_, n) => live(n))])
}
