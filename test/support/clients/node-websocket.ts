import { WebSocket as UndiciWebSocket } from 'undici'

/** Node's own WebSocket. Node 20 keeps it behind a flag; undici is what it is made of. Taken before anybody sets a global one. */
export const nodeWebSocket: unknown = globalThis.WebSocket ?? UndiciWebSocket
