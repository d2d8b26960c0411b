import { defineConfig } from 'vite'

/** The console's bundle. Its file names carry a hash of what is in them, so that browsers may keep them for ever. */
export default defineConfig({
  root: 'src/console',
  base: '/console/',
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy allows no data: URLs for scripts and fonts.
    assetsInlineLimit: 0,
    // Brotli sizes cost more time than the rest of the build.
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_200,
    rolldownOptions: {
      // Mantine's files say "use client", which is for servers that render React.
      onwarn: (warning, warn) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning)
      },
    },
  },
  server: { proxy: { '/graphql': { target: 'http://localhost:4000', ws: true } } },
})
