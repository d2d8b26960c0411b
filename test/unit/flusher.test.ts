import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { Flusher } from '../../src/server/flusher.ts'

test('a crowd is written a thousand a turn, in order, each once, with all that came for it until then', async () => {
  const flusher = new Flusher()
  const written: { readonly index: number; readonly messages: number }[] = []
  const crowd = Array.from({ length: 2_500 }, (_, index) => ({
    messages: 0,
    write() {
      if (this.messages++ === 0) flusher.add(this)
      else flusher.more()
    },
    flush() {
      written.push({ index, messages: this.messages })
      this.messages = 0
    },
  }))
  for (const each of crowd) each.write()
  while (written.length === 0) await setImmediate()
  expect(written).toHaveLength(1_000)
  crowd.at(-1)?.write()
  await vi.waitUntil(() => written.length === crowd.length)
  expect(written.map(({ index }) => index)).toEqual(crowd.map((_, index) => index))
  expect(written.map(({ messages }) => messages)).toEqual(crowd.map((_, index) => (index === 2_499 ? 2 : 1)))
  await setImmediate()
  expect(written).toHaveLength(crowd.length)
})
