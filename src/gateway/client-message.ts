import { MessageType, validateMessage } from 'graphql-ws'

/** What a client may say, as far as the relay has to understand it; `text` is the message as it came. */
export type ClientMessage = { readonly text: string } & (
  | { readonly type: 'connection_init' }
  | { readonly type: 'subscribe' | 'complete'; readonly id: string }
  | { readonly type: 'ping' | 'pong'; readonly payload: unknown }
)

/** Null where it is none that the protocol allows a client. */
export function parseClientMessage(data: Buffer): ClientMessage | null {
  const text = data.toString()
  try {
    const message = validateMessage(JSON.parse(text))
    switch (message.type) {
      case MessageType.ConnectionInit:
        return { type: 'connection_init', text }
      case MessageType.Subscribe:
      case MessageType.Complete:
        return { type: message.type, id: message.id, text }
      case MessageType.Ping:
      case MessageType.Pong:
        return { type: message.type, payload: message.payload, text }
      default:
        return null
    }
  } catch {
    return null
  }
}
