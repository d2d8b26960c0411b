import { type Browser, chromium, type Page } from 'playwright-core'
import { chromiumPath } from './binaries.ts'

/** Chromium asks for nothing by itself, so that every request that a test sees is the page's own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface BrowserPage extends AsyncDisposable {
  readonly page: Page
  /** URLs of all requests and WebSockets of the page so far. */
  readonly requests: readonly string[]
  readonly sockets: readonly string[]
  /** Uncaught errors of the page. */
  readonly errors: readonly string[]
}

/** A real Chromium with one empty page. */
export async function openBrowser(): Promise<BrowserPage> {
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: FLAGS,
  })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const requests: string[] = []
  const sockets: string[] = []
  const errors: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('websocket', (socket) => sockets.push(socket.url()))
  page.on('pageerror', (error) => errors.push(error.message))
  return { page, requests, sockets, errors, [Symbol.asyncDispose]: () => browser.close() }
}
