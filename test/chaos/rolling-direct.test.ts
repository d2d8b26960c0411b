import { it } from 'vitest'
import { restartDirect } from '../support/direct-restarts.ts'

it('invariants 1, 2, 3 and 5: without a gateway, a rolling restart costs a client one reconnect per restart of its own replica', async () => {
  await restartDirect()
})
