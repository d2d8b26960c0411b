import { brokerUnavailable } from '../../errors.ts'
import type { Commands } from './commands.ts'
import { replyCode } from './connection.ts'
import { isNoScript, type Script, type ScriptArgument } from './scripts.ts'

interface Command {
  readonly script: Script
  readonly keys: readonly string[]
  /** Made anew at each sending: some of them change. `term`: that of the connection. */
  readonly args: (term: string) => readonly ScriptArgument[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
  limit: NodeJS.Timeout | undefined
}

/** A command that waited behind others, while none of them was answered for so long, is given up unsent. */
const LIMIT_MS = 1_900
/**
 * Commands of one batch: what is held is said again in dozens of them, and each has to be answered within a time that
 * counts from its sending. Others come in between.
 */
const MAX_BATCH = 8
/** Redis did not do it, and it is sent again: there, elsewhere or a moment later. */
const UNDONE = ['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN', 'LOADING', 'READONLY', 'NOSCRIPT']

/**
 * Sends the commands that change the holders of one partition, so that they take effect in the order of the calls.
 *
 * What was called while a batch is under way waits for the next ones; a batch goes out at once, in order, on one connection.
 * But one of it may be answered that it was not done (its script is not known, its slot has moved), while later ones were.
 * Interleaving: attach(x) is answered NOSCRIPT; detach(x), sent with it, finds its script and runs; attach(x) goes out
 * again, and the replica holds for ever what it gave up. So that one and all after it in the batch go out again, in order:
 * each of them is harmless when it runs twice.
 */
export class HolderLine {
  readonly #commands: Commands
  readonly #slot: number
  #queue: Command[] = []
  #running = false

  constructor(commands: Commands, slot: number) {
    this.#commands = commands
    this.#slot = slot
  }

  run(script: Script, keys: readonly string[], args: Command['args']): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const command: Command = { script, keys, args, resolve, reject, limit: undefined }
      this.#queue.push(command)
      if (this.#running) this.#limit(command)
      else void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) {
      const answered = await this.#send(this.#queue.splice(0, MAX_BATCH))
      if (answered) for (const { limit } of this.#queue) limit?.refresh()
    }
    this.#running = false
  }

  /** Never rejects; each command of the batch is settled. False: not all of them were answered. */
  async #send(batch: Command[]): Promise<boolean> {
    for (const { limit } of batch) clearTimeout(limit)
    let rest = batch
    let bySource = false
    try {
      await this.#commands.run(this.#slot, async (client, { term }) => {
        while (rest.length > 0) {
          const answers = await Promise.allSettled(
            rest.map(({ script, keys, args }) =>
              bySource
                ? client.eval(script.source, keys.length, ...keys, ...args(term))
                : client.evalsha(script.sha1, keys.length, ...keys, ...args(term)),
            ),
          )
          const undone = settle(rest, answers)
          if (undone === null) return
          rest = rest.slice(undone.index)
          bySource = isNoScript(undone.reason)
          if (!bySource) throw undone.reason
        }
      })
      return true
    } catch (error) {
      for (const { reject } of rest) reject(error)
      return false
    }
  }

  #limit(command: Command): void {
    command.limit = setTimeout(() => {
      const index = this.#queue.indexOf(command)
      if (index < 0) return
      this.#queue.splice(index, 1)
      command.reject(unavailable(new Error('it waited too long behind others')))
    }, LIMIT_MS)
    command.limit.unref()
  }
}

/** Settles the commands up to the first one that was not done; answers that one, or null. */
function settle(
  commands: readonly Command[],
  answers: readonly PromiseSettledResult<unknown>[],
): { index: number; reason: unknown } | null {
  for (const [index, command] of commands.entries()) {
    const answer = answers[index] as PromiseSettledResult<unknown>
    if (answer.status === 'fulfilled') command.resolve(answer.value)
    else if (UNDONE.includes(replyCode(answer.reason) ?? '')) return { index, reason: answer.reason }
    else command.reject(unavailable(answer.reason))
  }
  return null
}

function unavailable(cause: unknown) {
  return brokerUnavailable('The store cannot be reached: nothing was accepted; try again.', {}, cause)
}
