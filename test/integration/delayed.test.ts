import { expect, it } from 'vitest'
import { type GatewayAddress, startGatewayProcess } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'

const PUSHES = 100
/** Until then two processes are killed and two started, on whatever machine. */
const DELAY_SECONDS = 12

async function cancel(gateway: GatewayAddress, id: string): Promise<boolean | undefined> {
  const { data } = await graphqlRequest<{ cancelPush: boolean }>(
    gateway,
    'mutation Cancel($id: ID!) { cancelPush(id: $id) }',
    { id },
  )
  return data?.cancelPush
}

it('delayed pushes survive the kill -9 of every replica and arrive once; those taken back never do', async () => {
  await using redis = await startRedis()
  const args = ['--redis', redis.url, '--log-level', 'error']
  const ids = Array.from({ length: PUSHES }, (_, n) => `push-${n}`)
  const acceptedAt = Date.now()
  {
    await using first = await startGatewayProcess({ args })
    await using second = await startGatewayProcess({ args })
    await Promise.all(
      ids.map((id, n) =>
        push(n % 2 ? first : second, {
          id,
          to: ['alice', `room:${n}`],
          payload: id,
          delaySeconds: DELAY_SECONDS,
        }),
      ),
    )
    expect(await cancel(first, 'push-7')).toBe(true)
    for (const replica of [first, second]) replica.kill('SIGKILL')
    await Promise.all([first.exited, second.exited])
  }
  await using third = await startGatewayProcess({ args })
  await using fourth = await startGatewayProcess({ args })
  await using client = await RawClient.connect(third)
  await client.subscribe('listen', ['alice', 'room:3'])
  // Another replica takes back what a dead one accepted.
  expect(await cancel(fourth, 'push-11')).toBe(true)
  expect(await cancel(third, 'push-11')).toBe(false)

  const received: string[] = []
  while (received.length < PUSHES - 2 + 1) {
    const { identifier, payload, redelivered } = await client.nextMessage('listen')
    expect(redelivered).toBe(false)
    expect(Date.now() - acceptedAt).toBeGreaterThanOrEqual(DELAY_SECONDS * 1_000)
    received.push(`${identifier} ${payload}`)
  }
  const expected = ids.filter((id) => id !== 'push-7' && id !== 'push-11').map((id) => `alice ${id}`)
  expect(received.sort()).toEqual([...expected, 'room:3 push-3'].sort())
  expect(await cancel(third, 'push-0')).toBe(false)
  // Whatever came twice would have come before this one.
  await push(fourth, { id: 'last', to: ['alice'], payload: 'last', delaySeconds: 1 })
  expect(await client.nextMessage('listen')).toMatchObject({ payload: 'last' })
  expect(client.left('listen')).toEqual([])
})
