import { expect } from 'vitest'
import { openBrowser } from './browser.ts'
import { bundleClientsPage } from './browser-page/bundle.ts'
import type { ClientsPage } from './browser-page/clients.ts'
import type { GatewayAddress } from './gateway.ts'
import { push, untilOnline } from './graphql-request.ts'

declare const clientsPage: ClientsPage

const LIMIT = { timeout: 30_000, interval: 50 }
const CLIENTS = ['Apollo Client', 'urql']
const PAUSE_MS = 50

export interface BrowserLoad extends AsyncDisposable {
  /**
   * Stops pushing. Fails unless each client had every message in order, what came again said so, and nobody gave up or
   * opened a second socket.
   */
  finish(): Promise<void>
}

/** Stock clients in a real browser, every option at its default, and a pusher that pushes 1, 2, 3 … to them. */
export async function startBrowserLoad(gateway: GatewayAddress): Promise<BrowserLoad> {
  const browser = await openBrowser()
  const { page, sockets, errors } = browser
  await page.goto(`${gateway.url}/healthz`)
  await page.addScriptTag({ content: await bundleClientsPage() })
  for (const name of CLIENTS) {
    await page.evaluate(([client, url]) => clientsPage.start(client, url, [`browser:${client}`], false), [
      name,
      gateway.wsUrl,
    ] as const)
    await untilOnline(gateway, `browser:${name}`)
  }
  let stopping = false
  const pushing = pushUntil(gateway, () => stopping)
  const stop = () => {
    stopping = true
    return pushing
  }
  /** What each had, without what was marked as coming again. */
  const received = async (name: string) => {
    const messages = await page.evaluate(() => clientsPage.messages)
    const own = messages.filter(({ identifier }) => identifier === `browser:${name}`)
    return own
      .filter(({ payload, redelivered }, index) => {
        return !redelivered || !own.slice(0, index).some((before) => before.payload === payload)
      })
      .map(({ payload }) => payload)
  }
  return {
    async finish() {
      const last = await stop()
      const all = Array.from({ length: last }, (_, n) => n + 1)
      for (const name of CLIENTS) await expect.poll(() => received(name), LIMIT).toEqual(all)
      expect(await page.evaluate(() => clientsPage.failures)).toEqual([])
      expect(errors).toEqual([])
      expect(sockets).toHaveLength(CLIENTS.length)
    },
    async [Symbol.asyncDispose]() {
      await stop().catch(() => {})
      await browser[Symbol.asyncDispose]()
    },
  }
}

/** Each is repeated with its id until it is accepted. Answers the last one. */
async function pushUntil(gateway: GatewayAddress, over: () => boolean): Promise<number> {
  const to = CLIENTS.map((name) => `browser:${name}`)
  const run = crypto.randomUUID()
  let last = 0
  while (!over()) {
    last++
    const input = { id: `${run}:${last}`, to, payload: last }
    while (!(await isAccepted(gateway, input))) await pause()
    await pause()
  }
  return last
}

async function isAccepted(gateway: GatewayAddress, input: Parameters<typeof push>[1]): Promise<boolean> {
  try {
    await push(gateway, input)
    return true
  } catch {
    // The replica that it went to has died: nobody knows what became of it.
    return false
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
