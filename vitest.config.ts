import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const require = createRequire(import.meta.url)

/** Node gives every module the one CommonJS build of graphql; without this, Vite would give ours another copy. */
const alias = [{ find: /^graphql$/, replacement: require.resolve('graphql') }]

/** Most tests wait for processes and sockets more than they compute: two at a time, even on two processors. */
const MAX_WORKERS = Math.max(2, availableParallelism() - 1)

const project = (name: string, options: { testTimeout?: number; alone?: boolean } = {}) => ({
  resolve: { alias },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    // Limits are for what hangs, not for what is slow: machines are shared.
    testTimeout: options.testTimeout ?? 60_000,
    hookTimeout: 60_000,
    ...(options.alone ? { fileParallelism: false } : { maxWorkers: MAX_WORKERS }),
    sequence: { groupOrder: ['unit', 'integration', 'e2e', 'chaos', 'soak'].indexOf(name) },
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit'),
      project('integration'),
      project('e2e', { testTimeout: 120_000 }),
      // Whole processes under load: one file at a time.
      project('chaos', { testTimeout: 240_000, alone: true }),
      project('soak', { testTimeout: 1_800_000, alone: true }),
    ],
  },
})
