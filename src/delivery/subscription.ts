import type { ResumeKey } from '../broker/broker.ts'
import { toBytes } from './frame.ts'
import type { Message } from './message.ts'
import type { Plan } from './plan.ts'
import type { Position } from './position.ts'
import type { Session } from './session.ts'

/** One live operation of a session: a plan, and a position in the inbox of each identifier that it holds. */
export class Subscription {
  readonly session: Session
  readonly operationId: string
  readonly plan: Plan
  /** Null: not durable. Its client cannot be told apart from another one, or the transport proves nothing. */
  readonly resume: ResumeKey | null
  positions: readonly Position[] = []
  readonly #before: string
  readonly #after: string
  #end: (() => void) | null = null

  constructor(session: Session, operationId: string, plan: Plan, resume: ResumeKey | null) {
    this.session = session
    this.operationId = operationId
    this.plan = plan
    this.resume = resume
    const envelope = session.transport.envelope(operationId)
    this.#before = toBytes(envelope.before)
    this.#after = toBytes(envelope.after)
  }

  /** Its operation has not ended. */
  get lives(): boolean {
    return this.session.subscriptions.get(this.operationId) === this
  }

  write(position: Position, message: Message, redelivered: boolean, missed: number | null): void {
    const { session } = this
    const body = this.plan.render(message, session.idJson, redelivered, missed)
    session.send(this.#before + body + this.#after, position, message)
    if (redelivered) session.countRedelivered()
  }

  /** Resolves when the operation is over, for whatever reason. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      this.#end = resolve
    })
  }

  end(): void {
    this.#end?.()
    this.#end = null
  }
}
