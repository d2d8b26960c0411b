import { type Client, createClient } from 'graphql-ws'
import { useSyncExternalStore } from 'react'

/**
 * How the one connection of the console is. `connecting` → `live` ⇄ `lost`; any → `signed-out`, which ends it: the next
 * one begins with the next token.
 */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost' | 'signed-out'
  /** Since when, milliseconds since the epoch. */
  readonly since: number
  /** How often it was lost and came back. */
  readonly reconnects: number
  /** How long it was away the last time, milliseconds; null when it never was. */
  readonly lastOutageMs: number | null
  /** What the server said when it refused the token. */
  readonly reason: string | null
}

export interface ConnectionStore {
  readonly client: Client
  readonly get: () => Connection
  readonly watch: (listener: () => void) => () => void
  /** The server asks for a token, or for another one. */
  signOut(reason: string): void
  close(): void
}

const KEEP_ALIVE_MS = 10_000 // 10 seconds
const PONG_LIMIT_MS = 5_000 // 5 seconds
/** Close codes by which a server refuses a token. */
const REFUSED = [4401, 4403]

/** Opens the socket at once, and keeps it open: a stock graphql-ws client with the two options that it documents for it. */
export function openConnection(url: string, token: string | null): ConnectionStore {
  let connection: Connection = {
    state: 'connecting',
    since: Date.now(),
    reconnects: 0,
    lastOutageMs: null,
    reason: null,
  }
  let pongLimit: ReturnType<typeof setTimeout> | undefined
  const listeners = new Set<() => void>()
  const become = (next: Partial<Connection>) => {
    if (connection.state === 'signed-out') return
    const since = next.state === connection.state ? connection.since : Date.now()
    connection = { ...connection, since, ...next }
    for (const listener of listeners) listener()
  }
  const signOut = (reason: string) => {
    become({ state: 'signed-out', reason })
    close()
  }
  // It rejects where the last attempt to connect failed: then there is nothing to close.
  const close = () => void Promise.resolve(client.dispose()).catch(() => {})
  const client = createClient({
    url,
    connectionParams: () => (token === null ? {} : { authorization: `Bearer ${token}` }),
    lazy: false,
    onNonLazyError: () => {},
    shouldRetry: (event) => !isRefusal(event),
    retryAttempts: Number.POSITIVE_INFINITY,
    keepAlive: KEEP_ALIVE_MS,
    on: {
      connected: () => {
        const returned = connection.state === 'lost'
        become({
          state: 'live',
          reconnects: connection.reconnects + (returned ? 1 : 0),
          lastOutageMs: returned ? Date.now() - connection.since : connection.lastOutageMs,
        })
      },
      // A network that is gone says nothing: no pong means no connection.
      ping: (received) => {
        if (!received) pongLimit = setTimeout(() => client.terminate(), PONG_LIMIT_MS)
      },
      pong: (received) => {
        if (received) clearTimeout(pongLimit)
      },
      closed: (event) => {
        clearTimeout(pongLimit)
        if (isRefusal(event)) return signOut(event.reason || 'The token was refused.')
        if (connection.state === 'live') become({ state: 'lost' })
      },
    },
  })
  return {
    client,
    get: () => connection,
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    signOut,
    close,
  }
}

function isRefusal(event: unknown): event is CloseEvent {
  return event instanceof CloseEvent && REFUSED.includes(event.code)
}

export function useConnection(store: ConnectionStore): Connection {
  return useSyncExternalStore(store.watch, store.get)
}
