import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const SIMULATION = fileURLToPath(new URL('../../bench/steering/run.mjs', import.meta.url))
const PAGE = new URL('../../docs/steering.md', import.meta.url)

it('the simulation: ours stays within 1.1 where the original’s rule exceeds 2, and the page shows what it says', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SIMULATION, 'added'])
  const rows = stdout.trim().split('\n').slice(2)
  const [worst = ''] = rows
  const [ours, , , original] = worst
    .split('|')
    .slice(3, 7)
    .map((cell) => Number(cell))
  expect(worst).toContain('max/mean, worst')
  expect(ours).toBeLessThanOrEqual(1.1)
  expect(original).toBeGreaterThan(2)
  const page = readFileSync(PAGE, 'utf8')
  for (const row of rows) expect(page).toContain(row)
})
