import { draw } from '../cluster/draw.ts'
import type { Registry } from '../cluster/registry.ts'
import { accepts, shares } from '../cluster/weight.ts'

const MAX_ALTERNATES = 3
/** Loads change once a second: what is told a client need not be younger. */
const TABLE_MS = 250

/** What a client is told with its `connection_ack`. */
export interface Welcome {
  /** Where it is. */
  readonly replica: { readonly id: string; readonly url: string }
  /** URLs of others that accept sessions, should it have to go: drawn by weight, so that not all take the same. */
  readonly alternates: readonly string[]
  readonly sessionId: string
}

/** One table of weights serves all who come within a quarter of a second. */
export function createWelcome(
  self: { readonly id: string; readonly url: string },
  registry: Pick<Registry, 'replicas'>,
  random: () => number = Math.random,
): (sessionId: string) => Welcome {
  const replica = { id: self.id, url: self.url }
  let table: readonly { readonly url: string; readonly weight: number }[] = []
  let madeAt = Number.NEGATIVE_INFINITY

  const renew = (): void => {
    const now = Date.now()
    if (now - madeAt < TABLE_MS && now >= madeAt) return
    madeAt = now
    const replicas = registry.replicas()
    const percents = shares(replicas, now)
    table = replicas
      .map((each, index) => ({ each, weight: percents[index] ?? 0 }))
      .filter(({ each, weight }) => each.id !== self.id && accepts(each) && weight > 0)
      .map(({ each: { url }, weight }) => ({ url, weight }))
  }

  const alternates = (): string[] => {
    const urls: string[] = []
    const left = table.map(({ weight }) => weight)
    for (
      let index = draw(left, random);
      index >= 0 && urls.length < MAX_ALTERNATES;
      index = draw(left, random)
    ) {
      urls.push(table[index]?.url ?? '')
      left[index] = 0
    }
    return urls
  }

  return (sessionId) => {
    renew()
    return { replica, alternates: alternates(), sessionId }
  }
}
