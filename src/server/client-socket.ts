import { WebSocket } from 'ws'

/** Who hears what a client's WebSocket says. */
export interface SocketListener {
  message(data: Buffer, isBinary: boolean): void
  /** It is for the listener to answer. */
  pinged(data: Buffer): void
  ponged(data: Buffer): void
  failed(error: Error): void
  closed(code: number, reason: Buffer): void
}

/**
 * A client's WebSocket whose events go to one object. Listeners of its own for each of them would be half a kilobyte of
 * every idle session, so none are kept: what is added by `on` is not heard.
 */
export class ClientSocket extends WebSocket {
  /** Null: whatever it says is nobody's concern, its failures neither. */
  listener: SocketListener | null = null

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const { listener } = this
    if (!listener) return false
    if (event === 'message') listener.message(args[0] as Buffer, args[1] as boolean)
    else if (event === 'ping') listener.pinged(args[0] as Buffer)
    else if (event === 'pong') listener.ponged(args[0] as Buffer)
    else if (event === 'error') listener.failed(args[0] as Error)
    else if (event === 'close') listener.closed(args[0] as number, args[1] as Buffer)
    return true
  }
}
