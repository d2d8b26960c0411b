import { type MutationField, mutationFieldsOf } from './mutation.ts'

/** Mutations that do no more the second time than the first. */
const REPEATABLE: readonly string[] = ['heartbeat', 'authenticate', 'acknowledge', 'configure', 'undrain']

/**
 * Whether an operation may be sent to a second replica after a first one may have run it already. Subscriptions resume,
 * queries change nothing, and a push that has an `id` is stored once. Any other mutation might happen twice.
 */
export function mayRepeat(subscribeMessage: string): boolean {
  // What is no operation at all may be sent as well: a replica says what is wrong with it, and runs none of it.
  const fields = mutationFieldsOf(subscribeMessage) ?? []
  return fields.every((field) => REPEATABLE.includes(field.name) || (field.name === 'push' && hasId(field)))
}

function hasId(push: MutationField): boolean {
  const input = push.argument('input') as { id?: unknown } | null | undefined
  return input?.id !== undefined && input.id !== null
}
