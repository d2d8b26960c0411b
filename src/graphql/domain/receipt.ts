import { EVERYONE, type ReceiptState } from '../../broker/broker.ts'
import { notFound } from '../../errors.ts'
import type { OperationOrigin, Services } from '../context.ts'
import { type Events, eventStream } from './events.ts'
import { checkIdentifiers } from './identifiers.ts'

function toReceipt(state: ReceiptState) {
  return {
    pushId: state.pushId,
    pushedAt: new Date(state.pushedAt),
    identifiers: state.identifiers,
    sent: state.sent,
    delivered: state.delivered,
    acknowledged: state.acknowledged,
  }
}

type Receipt = ReturnType<typeof toReceipt>

/** What is known of a push; null when it is unknown or older than retention. */
export async function readReceipt(
  { broker }: Pick<Services, 'broker'>,
  pushId: string,
): Promise<Receipt | null> {
  const state = await broker.receipt(pushId)
  return state && toReceipt(state)
}

/** The receipt at once, then after each change. Throws `NOT_FOUND` for a push that is unknown. */
export async function watchReceipt(
  services: Pick<Services, 'broker'>,
  pushId: string,
): Promise<Events<'receipt', Receipt>> {
  const read = async () => {
    const receipt = await readReceipt(services, pushId)
    if (!receipt)
      throw notFound(`No push with the id "${pushId}" is known; receipts are kept as long as messages.`)
    return receipt
  }
  await read()
  return eventStream('receipt', async (send) => {
    // Watched first, read then: what is counted in between is told by the one or the other.
    const unwatch = await services.broker.watchReceipt(pushId, () => send(read()))
    send(read())
    return unwatch
  })
}

/** The application's own receipt. True when it counted: the first one by this session (or subject, over HTTP). */
export async function acknowledge(
  { broker, counts }: Services,
  origin: OperationOrigin,
  messageId: string,
  identifier: string,
): Promise<boolean> {
  // A message to everyone has it for its identifier.
  if (identifier !== EVERYONE) checkIdentifiers([identifier], 'identifier')
  const by = origin.session ? `session:${origin.session.id}` : `subject:${origin.principal.subject ?? ''}`
  const counted = await broker.acknowledge(messageId, identifier, by)
  if (counted) counts.acknowledged++
  return counted
}
