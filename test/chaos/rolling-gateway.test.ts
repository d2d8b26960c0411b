import { expect, it } from 'vitest'
import { killBehindGateway, restartBehindGateway } from '../support/gateway-restarts.ts'

// How fast that is on a machine that does nothing else: test/soak/restarts.test.ts.
const partMessages = 700 // some 1.3 seconds of load

it('invariants 1, 2, 3 and 5: a rolling restart behind a gateway closes no client’s socket, and loses nothing', async () => {
  await restartBehindGateway({ partMessages })
})

it('invariants 1, 2, 3, 5 and 9: behind a gateway, the sessions of a killed replica are at another one at once', async () => {
  await killBehindGateway({
    partMessages,
    check: ({ shareWithin }) => expect(shareWithin(5)).toBeGreaterThanOrEqual(0.99),
  })
})
