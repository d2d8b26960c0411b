import { brokerUnavailable } from '../../errors.ts'
import type { Commands } from './commands.ts'
import { replyCode } from './connection.ts'
import { isNoScript, type Script, type ScriptArgument } from './scripts.ts'

interface Command {
  readonly script: Script
  readonly keys: readonly string[]
  /** Made anew at each sending: some of them change. */
  readonly args: () => readonly ScriptArgument[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A command that waited so long behind others is given up unsent. */
const LIMIT_MS = 1_900
/** Redis did not do it, and it is sent again: there, elsewhere or a moment later. */
const UNDONE = ['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN', 'LOADING', 'READONLY', 'NOSCRIPT']

/**
 * Sends the commands that change the holders of one partition, so that they take effect in the order of the calls.
 *
 * What was called while a batch is under way is the next batch; a batch goes out at once, in order, on one connection.
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

  run(script: Script, keys: readonly string[], args: () => readonly ScriptArgument[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const command: Command = { script, keys, args, resolve, reject }
      this.#queue.push(command)
      if (this.#running) this.#limit(command)
      else void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) await this.#send(this.#queue.splice(0))
    this.#running = false
  }

  /** Never rejects; each command of the batch is settled. */
  async #send(batch: Command[]): Promise<void> {
    let rest = batch
    let bySource = false
    try {
      await this.#commands.run(this.#slot, async (client) => {
        while (rest.length > 0) {
          const answers = await Promise.allSettled(
            rest.map(({ script, keys, args }) =>
              bySource
                ? client.eval(script.source, keys.length, ...keys, ...args())
                : client.evalsha(script.sha1, keys.length, ...keys, ...args()),
            ),
          )
          const undone = settle(rest, answers)
          if (undone === null) return
          rest = rest.slice(undone.index)
          bySource = isNoScript(undone.reason)
          if (!bySource) throw undone.reason
        }
      })
    } catch (error) {
      for (const { reject } of rest) reject(error)
    }
  }

  #limit(command: Command): void {
    const timer = setTimeout(() => {
      const index = this.#queue.indexOf(command)
      if (index < 0) return
      this.#queue.splice(index, 1)
      command.reject(unavailable(new Error('it waited too long behind others')))
    }, LIMIT_MS)
    timer.unref()
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
