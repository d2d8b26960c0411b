import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Command, runCommand } from '../support/command.ts'
import { type GatewayProcess, startGatewayProcess, startTestGateway } from '../support/gateway.ts'
import { push, untilOffline, untilOnline } from '../support/graphql-request.ts'
import { SECRET } from '../support/tokens.ts'

let gateway: GatewayProcess
let url: string

beforeAll(async () => {
  gateway = await startGatewayProcess({ args: ['--max-payload-bytes', '1000', '--log-level', 'warn'] })
  url = gateway.graphqlUrl
})

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
})

/** A port on which nobody listens: it was given to us, and we gave it back. */
async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts `listen` and waits until the gateway has said that it is live. */
async function listenTo(identifiers: readonly string[], ...options: string[]): Promise<Command> {
  const command = new Command(['listen', ...identifiers, '--url', url, ...options])
  await command.stderr.take('live subscription', (line) => line.startsWith('listening to'))
  return command
}

test('what is pushed is printed by listen, and push says who had it', async () => {
  await using listening = await listenTo(['cli-alice', 'cli-room'])
  const pushed = await runCommand(['push', 'cli-alice', 'cli-nobody', '{"text":"hi"}', '--url', url])
  expect(pushed.stderr).toBe('')
  expect(pushed.stdout).toMatch(/^pushed \S+ to 2 identifiers; offline: cli-nobody\n$/)
  expect(pushed.code).toBe(0)
  expect(await listening.stdout.take('message')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} cli-alice \{"text":"hi"\}$/)

  const everyone = await runCommand(['push', '--everyone', '"all of you"', '--url', url])
  expect(everyone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pushed \S+ to everyone\n$/) })
  expect(await listening.stdout.take('message')).toContain(' * "all of you"')
})

test('listen says on stderr to what it is connected, and leaves with 0 and its identifiers on SIGINT', async () => {
  await using listening = new Command(['listen', 'cli-interrupted', '--url', gateway.url])
  expect(await listening.stderr.take('line')).toBe(`connected to ${gateway.wsUrl}`)
  expect(await listening.stderr.take('line')).toBe('listening to cli-interrupted')
  await untilOnline(gateway, 'cli-interrupted')
  listening.kill('SIGINT')
  const { code, stdout } = await listening.finished()
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  await untilOffline(gateway, 'cli-interrupted')
})

test('listen --json --count writes so many JSON lines and nothing else on stdout', async () => {
  await using listening = await listenTo(['cli-json'], '--json', '--count', '2')
  for (const n of [1, 2, 3]) await push(gateway, { to: ['cli-json'], payload: { n }, id: `cli-json-${n}` })
  const { code, stdout } = await listening.finished()
  expect(code).toBe(0)
  const messages = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  const message = { identifier: 'cli-json', redelivered: false, missed: 0, from: null, trigger: 'HTTP' }
  expect(messages).toMatchObject([
    { ...message, id: 'cli-json-1', payload: { n: 1 }, cursor: expect.any(String) },
    { ...message, id: 'cli-json-2', payload: { n: 2 }, cursor: expect.any(String) },
  ])
})

test('listen --after begins behind the cursor that was kept', async () => {
  await using first = await listenTo(['cli-after'], '--json', '--count', '1')
  await push(gateway, { to: ['cli-after'], payload: 1 })
  const { cursor } = JSON.parse((await first.finished()).stdout) as { cursor: string }
  await push(gateway, { to: ['cli-after'], payload: 2 })
  const words = ['listen', 'cli-after', '--json', '--count', '1', '--url', url, '--after', cursor]
  const { code, stdout } = await runCommand(words)
  expect({ code, message: JSON.parse(stdout) as unknown }).toMatchObject({ code: 0, message: { payload: 2 } })
})

test('listen ends with 0 when nobody reads its output any more', async () => {
  await using listening = await listenTo(['cli-pipe'])
  listening.closeStdout()
  await push(gateway, { to: ['cli-pipe'], payload: 1 })
  const { code, stderr } = await listening.finished()
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('EPIPE') })
})

test('listen waits for a gateway that is away, finds it, loses it, and finds it again', async () => {
  const port = await freePort()
  const words = ['listen', 'cli-patient', '--json', '--url', `ws://127.0.0.1:${port}`]
  await using listening = new Command(words)
  const said = (what: RegExp) => listening.stderr.take(String(what), (line) => what.test(line))
  await said(/cannot be reached .*trying again/)
  const args = ['--port', String(port), '--drain-seconds', '0', '--log-level', 'silent']
  {
    await using _first = await startGatewayProcess({ args })
    await said(/^connected/)
    await said(/^listening/)
  }
  await said(/^connection to .* lost .*trying again/)
  await using second = await startGatewayProcess({ args })
  await said(/^connected again/)
  await said(/^listening/)
  await push(second, { to: ['cli-patient'], payload: 'still there' })
  expect(JSON.parse(await listening.stdout.take('message'))).toMatchObject({ payload: 'still there' })
})

test('listen that cannot reach a gateway still leaves at once on SIGINT', async () => {
  await using listening = new Command(['listen', 'x', '--url', `ws://127.0.0.1:${await freePort()}`])
  await listening.stderr.take('trying again', (line) => line.includes('trying again'))
  listening.kill('SIGINT')
  expect(await listening.finished()).toMatchObject({ code: 0, stdout: '' })
})

test('the payload comes from stdin where it is absent, or where it is -', async () => {
  await using listening = await listenTo(['cli-stdin'], '--json', '--count', '3')
  const absent = await runCommand(['push', 'cli-stdin', '--url', url], { stdin: '{"from":\n"absent"}\n' })
  const dash = await runCommand(['push', 'cli-stdin', 'cli-other', '-', '--url', url], { stdin: '"dash"' })
  const all = await runCommand(['push', '--everyone', '--url', url], { stdin: '"everyone"' })
  expect([absent.code, dash.code, all.code]).toEqual([0, 0, 0])
  const { stdout } = await listening.finished()
  const payloads = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { payload: unknown }).payload)
  expect(payloads).toEqual([{ from: 'absent' }, 'dash', 'everyone'])
})

test('push --json answers the result, and the options say when and for how long', async () => {
  const words = ['push', 'cli-options', '1', '--url', url, '--json', '--id', 'cli-options-1']
  const first = await runCommand([...words, '--delay', '60', '--ttl', '30'])
  expect(first.code).toBe(0)
  expect(JSON.parse(first.stdout)).toMatchObject({ id: 'cli-options-1', accepted: 1, duplicate: false })
  expect((JSON.parse(first.stdout) as { deliverAt: unknown }).deliverAt).toEqual(expect.any(String))
  const second = await runCommand([...words, '--delay', '60', '--ttl', '30'])
  expect(JSON.parse(second.stdout)).toMatchObject({ id: 'cli-options-1', duplicate: true })
})

test('what the gateway refuses ends with 1, its code and its message', async () => {
  const tooLarge = JSON.stringify('x'.repeat(2_000))
  for (const [code, words] of [
    ['BAD_USER_INPUT', ['push', '*', '1']],
    ['PAYLOAD_TOO_LARGE', ['push', 'cli-refused', tooLarge]],
    ['BAD_USER_INPUT', ['listen', '*']],
    ['BAD_USER_INPUT', ['listen', 'cli-refused', '--after', 'nonsense']],
  ] as const) {
    const { stdout, stderr, ...ended } = await runCommand([...words, '--url', url])
    expect({ words, stdout, ...ended }).toEqual({ words, stdout: '', code: 1 })
    expect(stderr).toMatch(new RegExp(`^${code}: .`, 'm'))
  }
})

test('a wrong command ends with 2 and says how to mend it', async () => {
  const wrong: [words: string[], told: RegExp, stdin?: string][] = [
    [['push', 'alice', 'hi'], /The payload hi is no JSON.*quote it twice: '"hi"'.*end with -/],
    [['push', 'alice', '{"a":1'], /The payload \{"a":1 is no JSON: .*position 6/],
    [['push', 'alice'], /What came from stdin is no JSON: Unexpected token '}'/, '{"a":}'],
    [['push'], /Say to whom, and what: cloudpush push alice '\{"text":"hi"\}'/],
    [['push', '--everyone', 'alice', '1'], /With --everyone only the payload is given/],
    [['push', 'alice', '1', '--delay', 'soon'], /--delay takes a whole number of seconds, not "soon"/],
    [['push', 'alice', '1', '--ttl', '-1'], /--ttl takes a whole number of seconds, not "-1"/],
    [['push', 'alice', '1', '--tll', '1'], /Did you mean --ttl\?/],
    [['push', 'alice', '1', '--url', 'ftp://h'], /"ftp:\/\/h" is no http\(s\) or ws\(s\) URL/],
    [['listen'], /missing required argument 'identifier'/],
    [['listen', 'alice', '--count', '0'], /--count takes a whole number from 1, not "0"/],
    [['lisen', 'alice'], /There is no command "lisen". Did you mean cloudpush listen\?/],
    [['deploy'], /There is no command "deploy". cloudpush --help lists them./],
  ]
  const ended = await Promise.all(
    wrong.map(([words, , stdin]) => runCommand(words, stdin === undefined ? {} : { stdin })),
  )
  for (const [index, { code, stdout, stderr }] of ended.entries()) {
    const [words, told] = wrong[index] ?? [[], /./]
    expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' })
    expect(stderr).toMatch(told)
  }
})

test('a gateway that cannot be reached ends push and replicas with 3, and with its URL', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}/graphql`
  for (const words of [['push', 'alice', '1'], ['replicas']]) {
    const { code, stdout, stderr } = await runCommand(words, { env: { CLOUDPUSH_URL: nowhere } })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain(`The gateway at ${nowhere} cannot be reached`)
    expect(stderr).toContain('npm start')
  }
})

test('another server at the URL is told from a gateway', async () => {
  const other: Server = createServer((_request, response) => response.end('<h1>hello</h1>'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  try {
    const { code, stderr } = await runCommand(['push', 'alice', '1', '--url', `http://127.0.0.1:${port}`])
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Is it the gateway?') })
  } finally {
    other.closeAllConnections()
    await new Promise((resolve) => other.close(resolve))
  }
})

test('replicas is a table, JSON for programs, and with --watch again each second', async () => {
  const table = await runCommand(['replicas', '--url', url])
  expect(table.code).toBe(0)
  const [head, row, ...rest] = table.stdout.split('\n')
  expect(head).toMatch(/^REPLICA +URL +STATE +SESSIONS +SUBSCRIPTIONS +WEIGHT +CPU +MEMORY +STARTED$/)
  expect(row).toContain(gateway.wsUrl)
  expect(rest).toEqual([''])

  const json = await runCommand(['replicas', '--json', '--url', url])
  expect(JSON.parse(json.stdout)).toMatchObject([{ url: gateway.wsUrl, state: 'UP', weight: 100 }])

  await using watching = new Command(['replicas', '--watch', '--json', '--url', url])
  for (const time of ['first', 'second']) {
    expect(JSON.parse(await watching.stdout.take(`${time} table`))).toMatchObject([{ state: 'UP' }])
  }
  watching.kill('SIGINT')
  expect(await watching.finished()).toMatchObject({ code: 0 })
})

test('help of every command has examples and exit codes, and ends with 0', async () => {
  const commands = ['start', 'listen', 'push', 'replicas', 'drain', 'undrain', 'token']
  const helps = await Promise.all(commands.map((command) => runCommand(['help', command])))
  for (const [index, { code, stdout }] of helps.entries()) {
    expect(code).toBe(0)
    expect(stdout).toContain(`Examples:\n  `)
    expect(stdout).toContain(`cloudpush ${commands[index]}`)
    expect(stdout).toContain('Exit codes:\n  0  ')
  }
  const general = await runCommand(['--help'])
  expect(general.code).toBe(0)
  for (const command of commands) expect(general.stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
})

test('start tells every wrong setting at once and ends with 2', async () => {
  const words = ['start', '--port', 'x', '--jwt-secret', 's3', '--log-levl', 'info', '--capacity', '0']
  const { code, stdout, stderr } = await runCommand(words, {
    env: { HOST: '0.0.0.0', CLOUDPUSH_RETENTION: '1' },
  })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  const [head, ...problems] = stderr.trimEnd().split('\n')
  expect(head).toBe('Cloudpush does not start; 6 settings are to mend:')
  expect(problems.map((line) => line.split(' ')[3])).toEqual([
    '--log-levl',
    'CLOUDPUSH_RETENTION',
    '--port',
    '--jwt-secret',
    '--capacity',
    'HOST',
  ])
  expect(stderr).not.toContain('s3')
})

test('start on a port that is in use ends with 1 and names the mend', async () => {
  const { code, stderr } = await runCommand(['--port', String(gateway.port)])
  expect(code).toBe(1)
  expect(stderr).toBe(
    `127.0.0.1:${gateway.port} is in use. Stop what listens there, or choose another port: --port 4001 (0: any free one).\n`,
  )
})

test('start with an agent-check on a port that is in use ends with 1 and names that flag', async () => {
  const { code, stderr } = await runCommand(['--port', '0', '--agent-port', String(gateway.port)])
  expect(code).toBe(1)
  expect(stderr).toContain(
    `127.0.0.1:${gateway.port} is in use. Stop what listens there, or choose another port: --agent-port 4001 (0: any free one).\n`,
  )
})

test('the first SIGTERM stops a gateway gracefully, and a second one at once', async () => {
  await using graceful = await startGatewayProcess()
  graceful.kill('SIGTERM')
  expect(await graceful.exited).toEqual({ code: 0, signal: null })

  await using slow = new Command(['start', '--port', '0', '--drain-seconds', '600', '--log-level', 'silent'])
  const banner = await slow.stdout.take('address', (line) => line.includes('WebSocket'))
  const words = ['listen', 'cli-a', 'cli-b', '--url', banner.trim().split(/\s+/)[1] ?? '']
  await using one = new Command(words)
  await using other = new Command(words)
  for (const listening of [one, other]) {
    await listening.stderr.take('live subscription', (line) => line.startsWith('listening'))
  }
  slow.kill('SIGTERM')
  await slow.stderr.take('notice', (line) => line.startsWith('Stopping'))
  slow.kill('SIGTERM')
  expect(await slow.finished()).toMatchObject({ code: 1 })
})

test('drain shows how far it is and ends when the replica is empty; undrain takes it back', async () => {
  await using gateway = await startGatewayProcess()
  const address = ['--url', gateway.graphqlUrl]
  const [replica] = JSON.parse((await runCommand(['replicas', '--json', ...address])).stdout) as {
    id: string
  }[]
  const id = replica?.id ?? ''
  await using listening = new Command(['listen', 'alice', ...address])
  await listening.stderr.take('that it listens', (line) => line.includes('listening'))
  const drained = await runCommand(['drain', id, '--within', '1', ...address])
  expect(drained).toMatchObject({ code: 0, stdout: `${id} is empty\n` })
  expect(drained.stderr).toMatch(/\[█+\] 100 % {2}0 sessions left\n$/)
  const back = await runCommand(['undrain', id, ...address])
  expect(back).toMatchObject({
    code: 0,
    stdout: `${id} accepts connections again, with a weight of 100.0 %\n`,
  })
  const unknown = await runCommand(['drain', 'nobody', ...address])
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toContain('NOT_FOUND')
})

test('a token made by hand lets listen and push in, as far as it goes, by option, variable and file', async () => {
  const env = { CLOUDPUSH_JWT_SECRET: SECRET }
  await using guarded = await startTestGateway({ jwtSecret: SECRET })
  const made = async (...words: string[]) => {
    const { code, stdout, stderr } = await runCommand(['token', ...words], { env })
    expect([code, stderr]).toEqual([0, ''])
    return stdout.trim()
  }
  const [reader, writer] = await Promise.all([
    made('--subscribe', 'alice', 'room:*', '--expires', '5m'),
    made('--push', 'alice', '--subject', 'writer'),
  ])
  const url = ['--url', guarded.graphqlUrl]
  await using listening = new Command([
    'listen',
    'alice',
    ...url,
    '--json',
    '--count',
    '1',
    '--token',
    reader,
  ])
  await listening.stderr.take('listening', (line) => line.startsWith('listening'))
  const pushed = await runCommand(['push', 'alice', '1', ...url], { env: { CLOUDPUSH_TOKEN: writer } })
  expect(pushed).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse((await listening.finished()).stdout)).toMatchObject({
    identifier: 'alice',
    from: 'writer',
  })

  const refused = await runCommand(['push', 'bob', '1', ...url, '--token', writer])
  expect(refused).toMatchObject({ code: 1, stderr: 'FORBIDDEN: There is no push grant for "bob".\n' })
  const unknown = await runCommand(['replicas', ...url])
  expect(unknown).toMatchObject({ code: 1, stdout: '' })
  expect(unknown.stderr).toMatch(/^UNAUTHENTICATED: /)
  // What is refused now is refused the next time: it does not try again for ever.
  const stranger = await runCommand(['listen', 'alice', ...url, '--token', 'nonsense'])
  expect(stranger).toMatchObject({ code: 1, stdout: '' })
  expect(stranger.stderr).toContain('The token is not valid.')
  expect(await runCommand(['listen', 'alice', ...url, '--token', '@/no/such/file'])).toMatchObject({
    code: 2,
  })
})

test('operators show their token, or key, to the tools that operate', async () => {
  const key = 'the-key-of-an-operator'
  await using guarded = await startTestGateway({ jwtSecret: SECRET, apiKey: { keys: [key], file: null } })
  const { id } = guarded.replica
  const url = ['--url', guarded.graphqlUrl]
  const env = { CLOUDPUSH_JWT_SECRET: SECRET }
  const made = async (...words: string[]) => (await runCommand(['token', ...words], { env })).stdout.trim()
  const [admin, reader] = await Promise.all([made('--admin', '--subject', 'ops'), made('--subscribe', '**')])
  for (const words of [['replicas'], ['drain', id, '--within', '0'], ['undrain', id]]) {
    for (const shown of [
      ['--token', admin],
      ['--api-key', key],
    ]) {
      expect(await runCommand([...words, ...url, ...shown]), words[0]).toMatchObject({ code: 0 })
    }
    const refused = await runCommand([...words, ...url, '--token', reader])
    expect(refused, words[0]).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr, words[0]).toMatch(/^FORBIDDEN: /)
  }
})

test('a token cannot be made without a secret, nor with a pattern that is none', async () => {
  expect((await runCommand(['token', '--subscribe', 'alice'])).stderr).toContain('CLOUDPUSH_JWT_SECRET')
  const env = { CLOUDPUSH_JWT_SECRET: SECRET }
  const wrong = await runCommand(['token', '--subscribe', 'room*'], { env })
  expect(wrong).toMatchObject({ code: 2, stdout: '' })
  expect(wrong.stderr).toContain('"room*" has a star beside other characters')
  expect((await runCommand(['token', '--expires', '1w'], { env })).code).toBe(2)
  const weak = await runCommand(['token', '--jwt-secret', 'hunter2'])
  expect(weak.stderr).toContain('must have 32 bytes at least')
  expect(weak.stderr).not.toContain('hunter2')
})
