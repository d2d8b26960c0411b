import { randomBytes } from 'node:crypto'
import { type DocumentNode, execute, type GraphQLSchema } from 'graphql'
import type { PushHeader } from '../broker/broker.ts'
import { toBytes } from './frame.ts'
import { planKey } from './plan-key.ts'

/**
 * A plan: one normalised operation whose result is rendered once per message, by graphql-js itself, and stamped per
 * recipient. What differs per recipient or is known as JSON text already (`payload`) resolves to a placeholder; the
 * stringified result is cut there, and the stamps are joined in. `redelivered` and `missed` differ too, but are almost
 * always false and 0: each other pair is a rendering of its own.
 */
const SLOTS = ['identifier', 'cursor', 'sessionId', 'payload'] as const
type Slot = (typeof SLOTS)[number]

/** Nobody outside can write a string that holds it: 128 random bits per process. */
const NONCE = randomBytes(16).toString('hex')
const PLACEHOLDER = Object.fromEntries(SLOTS.map((slot) => [slot, `${NONCE}:${slot}`])) as Record<
  Slot,
  string
>
const CUT = new RegExp(`"${NONCE}:(${SLOTS.join('|')})"`)

/** JSON texts as byte strings: what all recipients of one inbox entry share. One object per entry. */
export interface Stamps {
  readonly identifier: string
  readonly cursor: string
  readonly payload: string
}

/** A result cut at its placeholders: literal, slot, literal, slot, … literal. */
interface Rendering {
  readonly parts: readonly string[]
  /** The same for all recipients of one inbox entry. */
  readonly shared: boolean
}

const NOTHING: Rendering = { parts: [''], shared: true }

export interface PlanOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null
  readonly variableValues: Readonly<Record<string, unknown>>
}

export class Plan {
  readonly #operation: PlanOperation
  readonly #field: string
  // One entry deep is enough: a message goes to all recipients before the next one comes.
  #push: PushHeader | null = null
  #redelivered = false
  #missed: number | null = 0
  #rendering: Rendering = NOTHING
  #stamps: Stamps | null = null
  #body = ''

  /** How many live subscriptions use it. */
  subscribers = 0

  constructor(operation: PlanOperation, field: string) {
    this.#operation = operation
    this.#field = field
  }

  /** The `ExecutionResult` of one message for one recipient: JSON as a byte string. `sessionId` is a JSON text. */
  render(
    push: PushHeader,
    stamps: Stamps,
    sessionId: string,
    redelivered: boolean,
    missed: number | null,
  ): string {
    if (push !== this.#push || redelivered !== this.#redelivered || missed !== this.#missed) {
      this.#rendering = this.#execute(push, redelivered, missed)
      this.#push = push
      this.#redelivered = redelivered
      this.#missed = missed
      this.#stamps = null
    }
    if (this.#rendering.shared && stamps === this.#stamps) return this.#body
    this.#body = stamp(this.#rendering.parts, stamps, sessionId)
    this.#stamps = stamps
    return this.#body
  }

  /** Gives back what the last rendering holds. */
  rest(): void {
    this.#push = null
    this.#rendering = NOTHING
    this.#stamps = null
    this.#body = ''
  }

  #execute(push: PushHeader, redelivered: boolean, missed: number | null): Rendering {
    const result = execute({
      schema: this.#operation.schema,
      document: this.#operation.document,
      operationName: this.#operation.operationName,
      variableValues: this.#operation.variableValues,
      rootValue: {
        [this.#field]: {
          id: push.id,
          from: push.from,
          trigger: push.trigger,
          pushedAt: new Date(push.pushedAt),
          expiresAt: push.expiresAt === null ? null : new Date(push.expiresAt),
          redelivered,
          missed,
          ...PLACEHOLDER,
        },
      },
    })
    const parts = JSON.stringify(result).split(CUT).map(toBytes)
    return { parts, shared: !parts.some((part, index) => index % 2 === 1 && part === 'sessionId') }
  }
}

function stamp(parts: readonly string[], stamps: Stamps, sessionId: string): string {
  let body = parts[0] ?? ''
  for (let index = 1; index < parts.length; index += 2) {
    const slot = parts[index] as Slot
    body += (slot === 'sessionId' ? sessionId : stamps[slot]) + parts[index + 1]
  }
  return body
}

/** Plans by what they render, shared by all subscriptions of one schema; dropped with their last subscription. */
export class Plans {
  readonly #plans = new Map<string, Plan>()
  readonly #keys = new WeakMap<Plan, string>()

  /** `field` is the name of the root field, as the schema has it. */
  acquire(operation: PlanOperation, field: string): Plan {
    const key = planKey(operation)
    let plan = this.#plans.get(key)
    if (!plan) {
      plan = new Plan(operation, field)
      this.#plans.set(key, plan)
      this.#keys.set(plan, key)
    }
    plan.subscribers++
    return plan
  }

  release(plan: Plan): void {
    plan.subscribers--
    const key = this.#keys.get(plan)
    if (plan.subscribers === 0 && key !== undefined) this.#plans.delete(key)
  }

  /** Lets go of the last message of every plan. */
  rest(): void {
    for (const plan of this.#plans.values()) plan.rest()
  }

  get size(): number {
    return this.#plans.size
  }
}
