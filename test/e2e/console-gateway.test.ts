import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BrowserPage, openBrowser } from '../support/browser.ts'
import { type GatewayProcess, isReady, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push, untilOnline } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const LIMIT = { timeout: 30_000, interval: 50 }
const CLIENTS = 20

let redis: RedisServer
let replicas: Record<string, GatewayProcess>
let door: GatewayProcess
let browser: BrowserPage
let page: Page
let clients: readonly RawClient[]

beforeAll(async () => {
  redis = await startRedis()
  const start = (id: string) =>
    startGatewayProcess({ args: ['--redis', redis.url, '--replica-id', id, '--drain-seconds', '3'] })
  const [first, second] = await Promise.all([start('first'), start('second')])
  replicas = { first, second }
  ;[door, browser] = await Promise.all([
    startGatewayProcess({ command: 'gateway', args: ['--redis', redis.url] }),
    openBrowser(),
  ])
  await vi.waitUntil(() => isReady(door), LIMIT)
  page = browser.page
  page.setDefaultTimeout(LIMIT.timeout)
  clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(door)))
  await clients[0]?.subscribe(randomUUID(), ['alice'])
})

afterAll(async () => {
  await Promise.all((clients ?? []).map((client) => client[Symbol.asyncDispose]()))
  const opened = [browser, door, ...Object.values(replicas ?? {})]
  await Promise.all(opened.map((each) => each?.[Symbol.asyncDispose]()))
  await redis?.[Symbol.asyncDispose]()
})

const open = (path: string) => page.goto(`${door.url}/console${path}`)
const replica = (id: string) => page.getByRole('article', { name: `Replica ${id}` })
const activity = () => page.getByRole('log', { name: 'Activity' })
const otherThan = (id: string) => (id === 'first' ? 'second' : 'first')

/** The one replica that holds the identifier. */
async function holderOf(identifier: string): Promise<string> {
  const read = async () => {
    const query = `{ presence(identifiers: ["${identifier}"]) { replicaIds } }`
    const { data } = await graphqlRequest<{ presence: [{ replicaIds: string[] }] }>(door, query)
    return data?.presence[0].replicaIds
  }
  return (await vi.waitUntil(async () => {
    const ids = await read()
    return ids?.length === 1 ? ids[0] : undefined
  }, LIMIT)) as string
}

/** What the page says of its own connection. */
async function expectNeverInterrupted(of: Page): Promise<void> {
  await of.getByRole('status', { name: 'Connection: Live' }).click()
  await of.getByText('It has not been interrupted.').waitFor()
  await of.keyboard.press('Escape')
  await of.getByRole('dialog', { name: 'Connection' }).waitFor({ state: 'detached' })
}

describe('the console behind a gateway', () => {
  it('comes through it, and shows its clients on the replicas that it chose for them', async () => {
    await open('')
    for (const id of ['first', 'second']) await replica(id).getByText('Up', { exact: true }).waitFor()
    const sessions = page.getByRole('group', { name: 'Sessions', exact: true })
    await expect.poll(() => sessions.innerText(), LIMIT).toContain(`\n${CLIENTS + 1}\n`)
    await open('/identifiers?of=alice')
    const row = page.getByRole('table', { name: 'Sessions' }).getByRole('row').nth(1)
    await row.getByText(await holderOf('alice'), { exact: true }).waitFor()
    await row.getByText('127.0.0.1').waitFor()
    expect(browser.sockets).toContain(door.wsUrl)
  })

  it('pushes through it, and the receipt fills', async () => {
    await open('/push')
    await page.getByRole('combobox', { name: 'Recipients' }).fill('alice')
    await page.getByRole('button', { name: 'Push', exact: true }).click()
    const delivered = page
      .getByRole('article', { name: 'Push to alice' })
      .getByRole('progressbar', { name: 'Delivered of sent' })
    await expect.poll(() => delivered.getAttribute('aria-valuenow'), LIMIT).toBe('100')
  })

  it('watches a drain move all clients to the other replica, while no socket is closed, not even its own', async () => {
    await open('')
    const from = await holderOf('alice')
    await replica(from)
      .getByRole('button', { name: `Drain ${from}` })
      .click()
    const dialog = page.getByRole('dialog', { name: `Drain ${from}` })
    await dialog.getByLabel('Seconds').fill('2')
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await replica(from).getByText('No session is left: it can be stopped.').waitFor()
    await activity().getByText(`${from} is drained`).waitFor()
    await replica(otherThan(from))
      .getByText(`${CLIENTS + 1} of 20,000 sessions`)
      .waitFor()
    expect(await holderOf('alice')).toBe(otherThan(from))
    await replica(from)
      .getByRole('button', { name: `Undrain ${from}` })
      .click()
    await activity().getByText(`${from} takes sessions again`).waitFor()
    await expectNeverInterrupted(page)
  })

  it('rebalances after a confirmation, and counts those who moved until the end', async () => {
    await page.getByRole('button', { name: 'Rebalance …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rebalance the replicas' })
    await dialog.getByText('evenly over 3 s').waitFor()
    await dialog.getByLabel('Threshold').fill('1')
    await dialog.getByRole('button', { name: 'Rebalance' }).click()
    const progress = page.getByRole('region', { name: 'Rebalance' })
    await progress.getByText(/[1-9] of 10 sessions have moved/).waitFor()
    await activity().getByText('The rebalance has ended: 10 of 10 sessions have moved.').waitFor()
    await progress.waitFor({ state: 'detached' })
    await expectNeverInterrupted(page)
    for (const client of clients) expect(client.socket.readyState).toBe(client.socket.OPEN)
  })

  it('says that the replica that held it was killed, goes on watching on the other, and missed nothing', async () => {
    const watching = await page.context().newPage()
    watching.setDefaultTimeout(LIMIT.timeout)
    await watching.goto(`${door.url}/console/identifiers?of=erin`)
    await watching.getByRole('switch', { name: 'Watch' }).check()
    await untilOnline(door, 'erin')
    await push(door, { to: ['erin'], payload: 'before' })
    await watching.getByText('"before"').first().waitFor()
    const killed = await holderOf('erin')
    replicas[killed]?.kill('SIGKILL')
    for (const payload of ['one', 'two', 'three']) {
      await push(replicas[otherThan(killed)] as GatewayProcess, { to: ['erin'], payload })
    }
    for (const text of ['"one"', '"two"', '"three"']) await watching.getByText(text).first().waitFor()
    for (const each of [page, watching]) {
      await each.getByRole('alert').getByText(`Replica ${killed} is gone`).waitFor()
      await expectNeverInterrupted(each)
    }
    await watching.getByText('0 missed').waitFor()
    expect(await holderOf('erin')).toBe(otherThan(killed))
    for (const client of clients) expect(client.socket.readyState).toBe(client.socket.OPEN)
    expect(browser.errors).toEqual([])
  })
})
