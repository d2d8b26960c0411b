import { randomBytes } from 'node:crypto'
import { type DocumentNode, execute, type GraphQLSchema } from 'graphql'
import type { Trigger } from '../broker/broker.ts'
import { toBytes } from './frame.ts'
import { planKey } from './plan-key.ts'

/**
 * A plan: one normalised operation whose result is rendered by graphql-js itself, and stamped per message and recipient.
 * What comes from the message or the recipient resolves to a placeholder; the stringified result is cut there, and the
 * stamps are joined in. What cannot be a placeholder makes a *shape*: `trigger` is an enum, `redelivered` a boolean, and
 * `missed` a number (almost always 0). So graphql-js runs once per shape, not once per message.
 */
const SLOTS = ['id', 'identifier', 'payload', 'cursor', 'from', 'sessionId', 'pushedAt', 'expiresAt'] as const
type Slot = (typeof SLOTS)[number]

/** Nobody outside can write a string that holds it: 128 random bits per process. */
const NONCE = randomBytes(16).toString('hex')
const placeholder = (slot: Slot) => `${NONCE}:${slot}`
const CUT = new RegExp(`"${NONCE}:(${SLOTS.join('|')})"`)

/** What the DateTime scalar takes for a date, and writes as a placeholder. */
class PlaceholderDate extends Date {
  readonly #slot: Slot

  constructor(slot: Slot) {
    super(0)
    this.#slot = slot
  }

  override toISOString(): string {
    return placeholder(this.#slot)
  }
}

const PLACEHOLDERS: Readonly<Record<Slot, unknown>> = {
  id: placeholder('id'),
  identifier: placeholder('identifier'),
  payload: placeholder('payload'),
  cursor: placeholder('cursor'),
  from: placeholder('from'),
  sessionId: placeholder('sessionId'),
  pushedAt: new PlaceholderDate('pushedAt'),
  expiresAt: new PlaceholderDate('expiresAt'),
}

/** What all recipients of one inbox entry share: JSON texts as byte strings, and the trigger. One object per entry. */
export interface Stamps extends Readonly<Record<Exclude<Slot, 'sessionId'>, string>> {
  readonly trigger: Trigger
}

/** A result cut at its placeholders: literal, slot, literal, slot, … literal. */
type Parts = readonly string[]

export interface PlanOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null
  readonly variableValues: Readonly<Record<string, unknown>>
}

export class Plan {
  readonly #operation: PlanOperation
  readonly #field: string
  /** Of the shapes in which nothing was missed: there are four. */
  readonly #shapes = new Map<string, Parts>()
  // One entry deep is enough: a message goes to all recipients before the next one comes.
  #stamps: Stamps | null = null
  #redelivered = false
  #missed: number | null = 0
  /** The result for that entry, cut where the session's id belongs: one piece where the selection does not have it. */
  #pieces: readonly string[] = []

  /** How many live subscriptions use it. */
  subscribers = 0

  constructor(operation: PlanOperation, field: string) {
    this.#operation = operation
    this.#field = field
  }

  /** The `ExecutionResult` of one message for one recipient: JSON as a byte string. `sessionId` is a JSON text. */
  render(stamps: Stamps, sessionId: string, redelivered: boolean, missed: number | null): string {
    if (stamps !== this.#stamps || redelivered !== this.#redelivered || missed !== this.#missed) {
      this.#pieces = stamp(this.#parts(stamps.trigger, redelivered, missed), stamps)
      this.#stamps = stamps
      this.#redelivered = redelivered
      this.#missed = missed
    }
    const pieces = this.#pieces
    return pieces.length === 1 ? (pieces[0] as string) : pieces.join(sessionId)
  }

  /** Gives back what the last message holds. */
  rest(): void {
    this.#stamps = null
    this.#pieces = []
  }

  #parts(trigger: Trigger, redelivered: boolean, missed: number | null): Parts {
    if (missed !== 0) return this.#execute(trigger, redelivered, missed)
    const shape = `${trigger}${redelivered}`
    let parts = this.#shapes.get(shape)
    if (!parts) {
      parts = this.#execute(trigger, redelivered, missed)
      this.#shapes.set(shape, parts)
    }
    return parts
  }

  #execute(trigger: Trigger, redelivered: boolean, missed: number | null): Parts {
    const result = execute({
      schema: this.#operation.schema,
      document: this.#operation.document,
      operationName: this.#operation.operationName,
      variableValues: this.#operation.variableValues,
      rootValue: { [this.#field]: { ...PLACEHOLDERS, trigger, redelivered, missed } },
    })
    return JSON.stringify(result).split(CUT).map(toBytes)
  }
}

/** Joins in everything but the session's id, where the text is cut. */
function stamp(parts: Parts, stamps: Stamps): string[] {
  const pieces: string[] = []
  let texts = [parts[0] ?? '']
  for (let index = 1; index < parts.length; index += 2) {
    const slot = parts[index] as Slot
    const literal = parts[index + 1] as string
    if (slot === 'sessionId') {
      pieces.push(texts.join(''))
      texts = [literal]
    } else {
      texts.push(stamps[slot], literal)
    }
  }
  // `join` makes one flat string, which thousands of frames are then copied from.
  pieces.push(texts.join(''))
  return pieces
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
