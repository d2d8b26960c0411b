import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BrowserPage, openBrowser } from '../support/browser.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push, untilOffline, untilOnline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }

let redis: RedisServer
let first: GatewayProcess
let second: GatewayProcess
let browser: BrowserPage
let page: Page

beforeAll(async () => {
  redis = await startRedis()
  ;[first, second, browser] = await Promise.all([
    startGatewayProcess({ args: ['--redis', redis.url, '--replica-id', 'first'] }),
    startGatewayProcess({ args: ['--redis', redis.url, '--replica-id', 'second'] }),
    openBrowser(),
  ])
  page = browser.page
  page.setDefaultTimeout(LIMIT.timeout)
})

afterAll(async () => {
  await Promise.all([browser, first, second].map((each) => each?.[Symbol.asyncDispose]()))
  await redis?.[Symbol.asyncDispose]()
})

const open = (path: string) => page.goto(`${first.url}/console${path}`)
const replica = (id: string) => page.getByRole('article', { name: `Replica ${id}` })

describe('the console of two replicas', () => {
  it('shows every replica with its sessions and weight', async () => {
    await using _client = await RawClient.connect(second)
    await open('')
    for (const id of ['first', 'second']) {
      await replica(id).getByText('Up', { exact: true }).waitFor()
      await replica(id)
        .getByRole('img', { name: /^CPU of .* in the last minute/ })
        .waitFor()
    }
    await replica('second').getByText('1 of 20,000 sessions').waitFor()
    await page.getByRole('status', { name: 'Connection: Live' }).waitFor()
  })

  it('tells how much goes through all replicas every second, and draws the last minute', async () => {
    await using frank = await RawClient.connect(second)
    await frank.subscribe('f', ['frank'])
    await open('')
    for (const name of ['Pushes per second', 'Deliveries per second']) {
      const figure = page.getByRole('group', { name })
      const read = async () => {
        await push(first, { to: ['frank'], payload: 1 })
        return figure.innerText()
      }
      await expect.poll(read, LIMIT).toMatch(/\n[0-9.]*[1-9][0-9.]*\n/)
      await figure.getByRole('img', { name: /in the last minute$/ }).waitFor()
    }
    const line = replica('second')
      .getByRole('img', { name: /^Network of second/ })
      .locator('path')
      .last()
    await expect.poll(() => line.getAttribute('d'), LIMIT).toMatch(/^M[0-9.,]+L[0-9.,]+L/)
  })

  it('finds an identifier where it is, shows what comes to it and what its inbox keeps, and disconnects it', async () => {
    await using alice = await RawClient.connect(second)
    await alice.subscribe('a', ['alice'])
    await push(first, { to: ['alice'], payload: { text: 'kept' } })
    await open('')
    await page.getByRole('link', { name: 'Identifiers' }).click()
    await page.getByRole('textbox', { name: 'Identifier' }).fill('alice')
    await page.getByRole('button', { name: 'Look up' }).click()
    const card = page.getByRole('region', { name: 'alice', exact: true })
    await card.getByText('Online', { exact: true }).waitFor()
    await card.getByText('second', { exact: true }).waitFor()
    await page.getByRole('region', { name: 'Retained inbox' }).getByText('"kept"').waitFor()

    const live = page.getByRole('region', { name: 'Watch live' })
    await live.getByRole('switch', { name: 'Watch' }).check()
    await card.getByText('first, second', { exact: true }).or(card.getByText('second, first')).waitFor()
    await push(second, { to: ['alice'], payload: { text: 'seen at once' } })
    await live.getByText('"seen at once"').waitFor()
    await live.getByText('0 missed').waitFor()
    await live.getByRole('switch', { name: 'Watch' }).uncheck()
    await card.getByText('second', { exact: true }).waitFor()

    await page.getByRole('button', { name: 'Disconnect …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Disconnect alice' })
    await dialog.getByLabel('Reason').fill('moved house')
    await dialog.getByRole('button', { name: 'Disconnect' }).click()
    expect((await alice.closed()).code).toBe(4411)
    await card.getByText('Offline', { exact: true }).waitFor()
    await untilOffline(first, 'alice')
  })

  it('pushes what was composed, says where the JSON is wrong, and fills the receipt', async () => {
    await using bob = await RawClient.connect(second)
    await bob.subscribe('b', ['bob'])
    await open('/push')
    const send = page.getByRole('button', { name: 'Push', exact: true })
    const recipients = page.getByRole('combobox', { name: 'Recipients' })
    for (const name of ['bob', 'carol']) {
      await recipients.fill(name)
      await recipients.press('Enter')
    }
    const editor = page.getByRole('textbox', { name: 'Payload (JSON)' })
    await editor.fill('{\n"text": oops}')
    await page.getByText('Line 2, column 9: This is no JSON value').waitFor()
    await expect.poll(() => send.isDisabled(), LIMIT).toBe(true)
    await editor.fill('{"text": "by hand"}')
    await send.click()
    const sent = page.getByRole('article', { name: 'Push to bob, carol' })
    await sent.getByText('Accepted for 2 identifiers.').waitFor()
    await sent.getByText('Offline: carol.').waitFor()
    const message = await bob.nextMessage('b')
    expect(message).toMatchObject({ payload: { text: 'by hand' }, trigger: 'WEBSOCKET' })
    const step = (name: string) => sent.getByRole('progressbar', { name: `${name} of sent` })
    await expect.poll(() => step('Delivered').getAttribute('aria-valuenow'), LIMIT).toBe('100')
    expect(await step('Acknowledged').getAttribute('aria-valuenow')).toBe('0')
    await bob.request('ack', 'mutation ($id: ID!) { acknowledge(messageId: $id, identifier: "bob") }', {
      id: message.id,
    })
    await expect.poll(() => step('Acknowledged').getAttribute('aria-valuenow'), LIMIT).toBe('100')
  })

  it('delays a push, takes one back, and reaches everyone who is there', async () => {
    await using gina = await RawClient.connect(second)
    await gina.subscribe('g', ['gina'])
    await open('/push')
    const send = page.getByRole('button', { name: /^Push/ }).and(page.locator('[type=submit]'))
    const editor = page.getByRole('textbox', { name: 'Payload (JSON)' })
    const delay = page.getByRole('textbox', { name: 'Delay' })
    const sent = page.getByRole('article', { name: 'Push to gina' })
    await page.getByRole('combobox', { name: 'Recipients' }).fill('gina')
    await editor.fill('"never"')
    await delay.fill('3600')
    await send.click()
    await sent.getByText(/it goes out at/).waitFor()
    await sent.getByRole('button', { name: 'Take back' }).click()
    await sent.getByText('Taken back before it went out.').waitFor()

    await editor.fill('"a second later"')
    await delay.fill('1')
    await send.click()
    const later = sent.first()
    await later.getByText(/it goes out at/).waitFor()
    expect(await gina.nextMessage('g')).toMatchObject({ payload: 'a second later' })
    const delivered = (of: Locator) => of.getByRole('progressbar', { name: 'Delivered of sent' })
    await expect.poll(() => delivered(later).getAttribute('aria-valuenow'), LIMIT).toBe('100')
    await later.getByRole('button', { name: 'Take back' }).waitFor({ state: 'detached' })

    await editor.fill('"to the living"')
    await delay.fill('0')
    await page.getByRole('textbox', { name: 'Time to live' }).fill('0')
    await send.click()
    expect(await gina.nextMessage('g')).toMatchObject({ payload: 'to the living' })
    const inbox = await graphqlRequest(first, '{ inbox(identifier: "gina") { payload } }')
    expect(inbox.data).toEqual({ inbox: [{ payload: 'a second later' }] })

    await page.getByText('Everyone', { exact: true }).click()
    await editor.fill('"to all"')
    await send.click()
    expect(await gina.nextMessage('g')).toMatchObject({ payload: 'to all', identifier: '*' })
    const toAll = page.getByRole('article', { name: 'Push to everyone' })
    await toAll.getByText('Accepted for everyone.').waitFor()
    await expect.poll(() => delivered(toAll).getAttribute('aria-valuenow'), LIMIT).toBe('100')
  })

  it('changes a setting on every replica, after a confirmation', async () => {
    await open('/settings')
    const field = page.getByRole('textbox', { name: 'Messages per inbox' })
    await field.fill('500')
    await page.getByText('Now: 1,000').waitFor()
    await page.getByRole('button', { name: 'Apply 1 change …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Change every replica' })
    await dialog.getByText('Messages per inbox: 1,000 → 500').waitFor()
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('In force on every replica.').waitFor()
    const settings = () => graphqlRequest(second, '{ settings { retentionMessages } }')
    await expect
      .poll(async () => (await settings()).data, LIMIT)
      .toEqual({ settings: { retentionMessages: 500 } })

    await page.getByRole('textbox', { name: 'Idle timeout' }).fill('0')
    await page.getByRole('button', { name: 'Apply 1 change …' }).click()
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await page
      .getByRole('alert')
      .getByText(/idleTimeoutSeconds/)
      .waitFor()
  })

  it('tells what went through, and how fast', async () => {
    await using dave = await RawClient.connect(second)
    await dave.subscribe('d', ['dave'])
    await open('/statistics')
    const rate = page.getByRole('group', { name: 'Delivery rate' })
    const sent = async () => Number(/of ([0-9]+) sent/.exec(await rate.innerText())?.[1])
    const before = await sent()
    for (let n = 0; n < 20; n++) await push(first, { to: ['dave'], payload: n })
    await expect.poll(sent, LIMIT).toBeGreaterThanOrEqual(before + 20)
    const latency = page.getByRole('group', { name: 'Delivery latency' })
    await expect.poll(() => latency.innerText(), LIMIT).toMatch(/p90 [0-9.]+ m?s, p99/)
    await page.getByRole('img', { name: /^Messages per minute: [0-9]+ sent/ }).waitFor()
    await page
      .getByRole('group', { name: 'Session length' })
      .getByText(/p90 .*, p99/)
      .waitFor()
    const charts = ['Delivery rate over time', 'Delivery latency over time', 'Sessions opened', 'Length of']
    for (const name of charts) await page.getByRole('img', { name }).locator('canvas').waitFor()
    await page.getByText('15 min', { exact: true }).click()
    await page
      .getByRole('radio', { name: '15 min' })
      .and(page.locator(':checked'))
      .waitFor({ state: 'attached' })
    await page.getByRole('img', { name: /^Messages per minute: [0-9]+ sent/ }).waitFor()
  })

  it('drains a replica after a confirmation, and shows it to its end', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(second)))
    await using _stays = await RawClient.connect(first)
    await open('')
    await replica('second').getByText('20 of 20,000 sessions').waitFor()
    await replica('second').getByRole('button', { name: 'Drain second' }).click()
    const dialog = page.getByRole('dialog', { name: 'Drain second' })
    await dialog.getByText('its 20 sessions move to the other replica').waitFor()
    await dialog.getByLabel('Seconds').fill('3')
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await replica('second')
      .getByText(/Draining: 1?[0-9] sessions still to move/)
      .waitFor()
    await replica('second').getByText('No session is left: it can be stopped.').waitFor()
    await page.getByRole('log', { name: 'Activity' }).getByText('second is drained').waitFor()
    await replica('second').getByRole('button', { name: 'Undrain second' }).click()
    await replica('second').getByText('Up', { exact: true }).waitFor()
    for (const client of clients) expect((await client.closed()).code).toBe(1012)
  })

  it('says that a replica was killed; its own page reconnects, and missed nothing', async () => {
    const { port } = second
    const watching = await page.context().newPage()
    watching.setDefaultTimeout(LIMIT.timeout)
    await watching.goto(`${second.url}/console/identifiers?of=erin`)
    await watching.getByRole('switch', { name: 'Watch' }).check()
    await untilOnline(first, 'erin')
    await push(first, { to: ['erin'], payload: 'before' })
    await watching.getByText('1 received').waitFor()
    await open('')
    await replica('second').waitFor()

    second.kill('SIGKILL')
    await watching.getByRole('status', { name: 'Connection: Reconnecting' }).waitFor()
    await watching
      .getByRole('alert')
      .getByText(/The connection was lost .* ago/)
      .waitFor()
    for (const payload of ['one', 'two', 'three']) await push(first, { to: ['erin'], payload })
    await page.getByRole('alert').getByText('Replica second is gone').waitFor()
    await page.getByRole('article', { name: 'Replica second' }).waitFor({ state: 'detached' })

    const args = ['--redis', redis.url, '--replica-id', 'second', '--port', String(port)]
    second = await startGatewayProcess({ args })
    await watching.getByRole('status', { name: 'Connection: Live' }).click()
    await watching.getByText(/It came back once; the last time it was away for/).waitFor()
    for (const text of ['"one"', '"two"', '"three"'])
      await watching.getByText(text, { exact: true }).first().waitFor()
    await watching.getByText('0 missed').waitFor()
    await page.getByRole('log', { name: 'Activity' }).getByText('second joined').waitFor()
    await watching.close()
  })

  it('is one page for all its paths, its files may be kept for ever, and nothing comes from elsewhere', async () => {
    const answer = await fetch(`${first.url}/console/identifiers`)
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(await answer.text()) ?? []
    const file = await fetch(new URL(script, first.url))
    expect(file.headers.get('cache-control')).toContain('immutable')
    expect(file.headers.get('content-type')).toMatch(/^text\/javascript/)
    expect(file.headers.get('content-encoding')).toBe('gzip')
    const gone = await fetch(`${first.url}/console/assets/index-old.js`)
    expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining('reload')])
    expect(browser.requests.filter((url) => !url.startsWith(first.url) && /^https?:/.test(url))).toEqual([])
    expect(browser.errors).toEqual([])
  })
})
