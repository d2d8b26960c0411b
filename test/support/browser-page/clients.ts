import { STOCK_CLIENTS } from '../clients/all.ts'
import type { StockClient, StockMessage } from '../clients/stock-client.ts'

/** What a test finds on the page: the stock clients as a browser runs them. */
export interface ClientsPage {
  start(name: string, url: string, identifiers: readonly string[], retryForever: boolean): void
  push(identifier: string, payload: unknown): Promise<void>
  readonly messages: StockMessage[]
  readonly failures: string[]
}

let client: StockClient | undefined
const messages: StockMessage[] = []
const failures: string[] = []

const page: ClientsPage = {
  messages,
  failures,
  start(name, url, identifiers, retryForever) {
    const create = STOCK_CLIENTS[name]
    if (!create) throw new Error(`there is no client ${name}`)
    client = create({ url, retryForever })
    client.subscribe(
      identifiers,
      (message) => messages.push(message),
      (error) => failures.push(String(error)),
    )
  },
  async push(identifier, payload) {
    await client?.push(identifier, payload)
  },
}

Object.assign(globalThis, { clientsPage: page })
