import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { withoutSettings } from '../support/gateway.ts'
import { isOnline } from '../support/graphql-request.ts'
import { typeLine } from '../support/typed-line.ts'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const LIMIT = { timeout: 90_000, interval: 50 }

/** A fresh machine has no settings in its shell; and `npx` is to find our command in the clone, not on the network. */
const ENV = {
  ...withoutSettings(process.env),
  NODE_ENV: '',
  npm_config_loglevel: 'error',
  npm_config_offline: 'true',
}

it('the first message of the README, in a fresh clone', { timeout: 240_000 }, async () => {
  await using clone = await cloneRepository()
  const { path: cwd } = clone
  const readme = await readFile(join(cwd, 'README.md'), 'utf8')
  const [readmeListen, readmePush, readmeCurl] = ['npx cloudpush listen', 'npx cloudpush push', 'curl'].map(
    (start) => commandIn(readme, start),
  ) as [string, string, string]

  await using gateway = typeLine('npm start', { cwd, env: { ...ENV, PORT: '0' } })
  await expect.poll(() => gateway.output(), LIMIT).toMatch(/npx cloudpush push alice.*\n/)
  const banner = gateway.output()
  for (const place of ['GraphiQL', 'WebSocket', 'Console', 'Metrics']) expect(banner).toContain(place)
  const [bannerListen, bannerPush] = ['npx cloudpush listen', 'npx cloudpush push'].map((start) =>
    commandIn(banner, start),
  ) as [string, string]
  const graphqlUrl = /http\S+\/graphql/.exec(banner)?.[0] ?? ''
  // Both tell the same, but for the free port of this test.
  expect([bannerListen, bannerPush]).toEqual(
    [readmeListen, readmePush].map((line) => `${line} --url ${graphqlUrl}`),
  )

  await using listening = typeLine(`${bannerListen} --count 3 --json`, { cwd, env: ENV })
  const address = { graphqlUrl, url: '', wsUrl: '', port: 0 }
  await expect.poll(() => isOnline(address, 'alice'), LIMIT).toBe(true)

  await using pasted = typeLine(bannerPush, { cwd, env: ENV })
  await using fromReadme = typeLine(readmePush, { cwd, env: { ...ENV, CLOUDPUSH_URL: graphqlUrl } })
  const pushed = await Promise.all([pasted.finished(), fromReadme.finished()])
  const ids = pushed.map((said) => /^pushed (\S+) to 1 identifier\n$/.exec(said)?.[1])
  await using curl = typeLine(`${readmeCurl.replace('http://localhost:4000/graphql', graphqlUrl)} --silent`, {
    cwd,
    env: ENV,
  })
  const curled = JSON.parse(await curl.finished()) as { data: { push: { id: string; offline: string[] } } }
  expect(curled.data.push.offline).toEqual([])

  const lines = (await listening.finished()).trim().split('\n')
  const messages = lines.map((line) => JSON.parse(line) as { id: string; payload: unknown })
  expect(messages.map(({ payload }) => payload)).toEqual(Array.from({ length: 3 }, () => ({ text: 'hi' })))
  expect(messages.map(({ id }) => id).sort()).toEqual([...ids, curled.data.push.id].sort())
})

/** The indented command that starts so, with the lines that a backslash continues it by. */
function commandIn(text: string, start: string): string {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => /^ {2,4}\S/.test(line) && line.trim().startsWith(start))
  if (first < 0) throw new Error(`no command starts with "${start}" in:\n${text}`)
  let last = first
  while (lines[last]?.endsWith('\\')) last++
  return lines
    .slice(first, last + 1)
    .join('\n')
    .trim()
}

interface Clone extends AsyncDisposable {
  readonly path: string
}

async function cloneRepository(): Promise<Clone> {
  const path = await mkdtemp(join(tmpdir(), 'cloudpush-clone-'))
  const remove = () => rm(path, { recursive: true, force: true })
  try {
    await promisify(execFile)('git', ['clone', '--quiet', REPOSITORY, path])
    // What `npm ci` installs is what is installed here.
    await symlink(join(REPOSITORY, 'node_modules'), join(path, 'node_modules'))
  } catch (error) {
    await remove()
    throw error
  }
  return { path, [Symbol.asyncDispose]: remove }
}
