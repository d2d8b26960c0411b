import type { Redis } from 'ioredis'
import { isNoScript, type Script, type ScriptArgument } from './scripts.ts'

interface Command {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly ScriptArgument[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
  /** Counts how often it was sent; the answer to an earlier sending is void. */
  sent: number
}

/**
 * Sends the commands that change holders, so that they take effect in the order of the calls.
 *
 * One connection keeps the order, but for a script that Redis has forgotten: sending it again with its source puts it
 * behind what was sent after it. Interleaving: attach(x) is sent, answered NOSCRIPT; detach(x), sent just after, finds its
 * script (somebody else has loaded it meanwhile) and runs; attach(x) goes out again, and the replica holds for ever what
 * it gave up. So when one is answered NOSCRIPT, it and all that were sent after it go out again, in order: their answers
 * cannot have come yet, and each of them is harmless when it runs twice.
 */
export class HolderLine {
  #inFlight: Command[] = []

  run(
    client: Redis,
    script: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const command: Command = { script, keys, args, resolve, reject, sent: 0 }
      this.#inFlight.push(command)
      this.#send(client, command)
    })
  }

  #send(client: Redis, command: Command): void {
    const attempt = ++command.sent
    const { script, keys, args } = command
    const answer =
      attempt === 1
        ? client.evalsha(script.sha1, keys.length, ...keys, ...args)
        : client.eval(script.source, keys.length, ...keys, ...args)
    answer.then(
      (value) => {
        if (command.sent !== attempt) return
        this.#leave(command)
        command.resolve(value)
      },
      (error: unknown) => {
        if (command.sent !== attempt) return
        if (attempt === 1 && isNoScript(error)) {
          for (const later of this.#inFlight.slice(this.#inFlight.indexOf(command))) this.#send(client, later)
          return
        }
        this.#leave(command)
        command.reject(error)
      },
    )
  }

  #leave(command: Command): void {
    const index = this.#inFlight.indexOf(command)
    if (index >= 0) this.#inFlight.splice(index, 1)
  }
}
