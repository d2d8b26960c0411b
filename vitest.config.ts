import { createRequire } from 'node:module'
import { defineConfig } from 'vitest/config'

const require = createRequire(import.meta.url)

/** Node gives every module the one CommonJS build of graphql; without this, Vite would give ours another copy. */
const alias = [{ find: /^graphql$/, replacement: require.resolve('graphql') }]

const project = (name: string, options: { testTimeout?: number; fileParallelism?: boolean } = {}) => ({
  resolve: { alias },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    // Limits are for what hangs, not for what is slow: machines are shared.
    testTimeout: options.testTimeout ?? 60_000,
    hookTimeout: 60_000,
    fileParallelism: options.fileParallelism ?? true,
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
      project('chaos', { testTimeout: 240_000, fileParallelism: false }),
      project('soak', { testTimeout: 1_800_000, fileParallelism: false }),
    ],
  },
})
