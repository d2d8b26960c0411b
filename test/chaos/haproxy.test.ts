import { it } from 'vitest'
import { restartBehindHaproxy } from '../support/haproxy-restarts.ts'

it('invariants 1, 2, 3 and 5: behind HAProxy, a rolling restart costs a client one reconnect per restart of its own replica', async () => {
  await restartBehindHaproxy()
})
