import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { isOnline } from '../support/graphql-request.ts'

const run = promisify(execFile)
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const LIMIT = { timeout: 60_000, interval: 50 }

/** What tests and people have set in their shells is not there on a fresh machine. */
const env = { ...process.env, PORT: '0', NODE_ENV: '', npm_config_loglevel: 'error' }

it('the first message of the README, in a fresh clone', { timeout: 240_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloudpush-clone-'))
  try {
    await run('git', ['clone', '--quiet', REPOSITORY, folder])
    // What `npm ci` installs is what is installed here.
    await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'))
    const gateway = spawn('npm', ['start'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    try {
      let output = ''
      gateway.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
      await expect.poll(() => output, LIMIT).toMatch(/npx cloudpush push alice/)
      for (const place of ['GraphiQL', 'WebSocket', 'Console', 'Metrics']) expect(output).toContain(place)
      const [listenLine = '', pushLine = ''] = output
        .split('\n')
        .filter((line) => line.includes('npx cloudpush'))
      const graphqlUrl = /http\S+\/graphql/.exec(output)?.[0] ?? ''
      const address = { graphqlUrl, url: '', wsUrl: '', port: 0 }

      // The very lines that it prints, in a shell, as a person would paste them.
      const listening = run('sh', ['-c', `${listenLine} --count 2 --json`], { cwd: folder, env })
      await expect.poll(() => isOnline(address, 'alice'), LIMIT).toBe(true)
      const pushed = await run('sh', ['-c', pushLine], { cwd: folder, env })
      expect(pushed.stdout).toMatch(/^pushed \S+ to 1 identifier\n$/)
      const body = JSON.stringify({
        query: 'mutation { push(input: { to: ["alice"], payload: { text: "by curl" } }) { id offline } }',
      })
      const curled = await run('curl', ['-s', graphqlUrl, '-H', 'content-type: application/json', '-d', body])
      expect(JSON.parse(curled.stdout)).toMatchObject({ data: { push: { offline: [] } } })
      const lines = (await listening).stdout.trim().split('\n')
      expect(lines.map((line) => (JSON.parse(line) as { payload: unknown }).payload)).toEqual([
        { text: 'hi' },
        { text: 'by curl' },
      ])
    } finally {
      // npm and what it started are one process group of ours.
      if (gateway.pid !== undefined) process.kill(-gateway.pid, 'SIGKILL')
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
