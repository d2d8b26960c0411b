import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { startTestGateway } from '../support/gateway.ts'
import { graphqlRequest, push } from '../support/graphql-request.ts'
import { RawClient } from '../support/raw-client.ts'
import { startRedis } from '../support/redis.ts'

const PUSHES = 50
const ROUNDS = 10

it('invariant 7: 50 parallel pushes of one id through two replicas are stored once; 49 are told as duplicates', async () => {
  await using redis = await startRedis()
  await using first = await startTestGateway({ redis: redis.url })
  await using second = await startTestGateway({ redis: redis.url })
  await using client = await RawClient.connect(first)
  await client.subscribe('listen', ['alice', 'bob'])
  for (let round = 0; round < ROUNDS; round++) {
    const id = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: PUSHES }, (_, n) =>
        push(n % 2 ? first : second, { id, to: ['alice', 'bob'], payload: round }),
      ),
    )
    expect(answers.filter(({ duplicate }) => duplicate).length).toBe(PUSHES - 1)
    for (const answer of answers) expect(answer).toMatchObject({ id, accepted: 2, offline: [] })
    const received = [await client.nextMessage('listen'), await client.nextMessage('listen')]
    expect(received.map((message) => message.identifier).sort()).toEqual(['alice', 'bob'])
    for (const message of received) expect(message).toMatchObject({ id, payload: round, redelivered: false })
  }
  await push(second, { to: ['alice'], payload: 'last' })
  expect(await client.nextMessage('listen')).toMatchObject({ payload: 'last' })
  expect(client.left('listen')).toEqual([])
  const { data } = await graphqlRequest<{ inbox: { payload: unknown }[] }>(
    second,
    '{ inbox(identifier: "alice", last: 100) { payload } }',
  )
  expect(data?.inbox.map(({ payload }) => payload)).toEqual([...Array(ROUNDS).keys(), 'last'])
})
