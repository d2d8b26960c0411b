import { expect, test } from 'vitest'
import { BareSocket, OPCODE } from '../support/bare-socket.ts'
import { startGatewayProcess } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'

test('a gateway process serves, and on SIGTERM moves its sessions away and ends', async () => {
  await using gateway = await startGatewayProcess({ args: ['--drain-seconds', '1'] })
  await using client = await RawClient.connect(gateway)
  await client.subscribe('listen', ['alice'])
  gateway.kill('SIGTERM')
  expect((await client.closed()).code).toBe(1012)
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
})

test('a gateway process lives through bytes that no client may send', async () => {
  await using gateway = await startGatewayProcess()
  for (const bytes of ['\u0000\u0001\u0002\r\n\r\n', 'GET /graphql HTTP/1.1\r\nUpgrade: websocket\r\n\r\n']) {
    using bare = await BareSocket.dial(gateway)
    bare.write(bytes)
    await bare.ended()
  }
  using bare = await BareSocket.connect(gateway)
  bare.send({ opcode: OPCODE.TEXT, payload: Buffer.from([0xff]) })
  expect(await bare.closeCode()).toBe(1007)
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
})

test('a setting that cannot be ends the process at once, and the error says so', async () => {
  const started = startGatewayProcess({ args: ['--idle-timeout-seconds', 'soon'] })
  await expect(started).rejects.toThrow(/ended \(exit code [1-9]\d*\).*--idle-timeout-seconds/s)
})
