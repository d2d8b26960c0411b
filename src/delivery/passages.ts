import type { Session } from './session.ts'

/** The way of one traced push through this replica, as whoever traces it is told. */
export interface Passage {
  /** It has been handed to all that it is for; this many messages were queued for this many sockets. */
  routed(messages: number, sockets: number): void
  /** The last of these sockets is being written to. Called once, after `routed`. */
  written(): void
}

/**
 * Which sockets the traced pushes of this moment wait for: what is queued leaves some turns of the event loop later. Nothing is
 * kept for a session unless something traced waits in it.
 */
export class Passages {
  readonly #waiting = new Map<Session, Set<Route>>()

  /** Whether anything waits. */
  get some(): boolean {
    return this.#waiting.size > 0
  }

  begin(passage: Passage): Route {
    return new Route(passage, this.#waiting)
  }

  /** What was queued for this session leaves now: whatever is queued is flushed, though its socket be gone by then. */
  left(session: Session): void {
    const routes = this.#waiting.get(session)
    if (!routes) return
    this.#waiting.delete(session)
    for (const route of routes) route.left()
  }
}

/** One traced push, from its arrival until the last socket took it. */
export class Route {
  readonly #passage: Passage
  readonly #waiting: Map<Session, Set<Route>>
  #messages = 0
  #sockets = 0
  #open = 0
  #routed = false

  constructor(passage: Passage, waiting: Map<Session, Set<Route>>) {
    this.#passage = passage
    this.#waiting = waiting
  }

  /** A message of it was queued. `awaited`: its session tells when that leaves. */
  queued(session: Session, awaited: boolean): void {
    this.#messages++
    if (!awaited) return
    const routes = this.#waiting.get(session)
    if (routes?.has(this)) return
    if (routes) routes.add(this)
    else this.#waiting.set(session, new Set([this]))
    this.#sockets++
    this.#open++
  }

  routed(): void {
    this.#routed = true
    this.#passage.routed(this.#messages, this.#sockets)
    if (this.#open === 0) this.#passage.written()
  }

  /** A socket may be written to while others are still being queued for: only after `routed` is the last one the last. */
  left(): void {
    this.#open--
    if (this.#routed && this.#open === 0) this.#passage.written()
  }
}
