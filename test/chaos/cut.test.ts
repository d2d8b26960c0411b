import { it } from 'vitest'
import { startStandalone } from '../support/redis-kinds.ts'
import { cutSockets } from '../support/sockets-cut.ts'

it('invariants 1, 2, 3 and 5: client sockets are reset, stalled and slowed under load, and no stock client misses a message', async () => {
  await cutSockets(startStandalone)
})
