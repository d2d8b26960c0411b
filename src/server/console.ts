import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pathOf, sendText } from './listening.ts'
import { pageHeaders } from './page-headers.ts'

/** Where the console is served. Its bundle is built for this path (`base` in vite.config.ts). */
export const CONSOLE_PATH = '/console'

/** The same from src/ and from dist/: what Vite has built. */
const BUILT = new URL('../../dist/console/', import.meta.url)

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const PAGE_HEADERS = {
  ...pageHeaders({ inlineScripts: false }),
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
}
/** File names carry a hash of what is in them: what a browser has of one it may keep for ever. */
const FOR_EVER = 'public, max-age=31536000, immutable'

interface Resource {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly gzipped: Buffer
}

/** Whether the console answers for a path: the page, one of its own paths, or a file that it loads. */
export function isConsolePath(path: string): boolean {
  return path === CONSOLE_PATH || path.startsWith(`${CONSOLE_PATH}/`)
}

/**
 * Serves the console. Every path below `/console` is the one page, which knows itself what to show there, but for the files of
 * the bundle. They are read when somebody first asks, once. Without a built bundle: 404, with what makes it.
 */
export function createConsole(): (request: IncomingMessage, response: ServerResponse) => void {
  let resources: ReadonlyMap<string, Resource> | undefined
  return (request, response) => {
    resources ??= readResources()
    const path = pathOf(request).slice(CONSOLE_PATH.length)
    const isFile = path.startsWith('/assets/')
    const resource = resources.get(isFile ? path : '/')
    if (!resource) {
      const why = isFile
        ? 'This file is of another version of the console: reload the page.'
        : 'The console is not built: npm run build.'
      return sendText(response, 404, why)
    }
    const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    const body = zipped ? resource.gzipped : resource.body
    response
      .writeHead(200, {
        ...resource.headers,
        ...(zipped ? { 'content-encoding': 'gzip' } : {}),
        'content-length': body.length,
        vary: 'accept-encoding',
      })
      .end(body)
  }
}

function readResources(): ReadonlyMap<string, Resource> {
  const assets = new URL('assets/', BUILT)
  if (!existsSync(assets)) return new Map()
  return new Map([
    ['/', read(new URL('index.html', BUILT), PAGE_HEADERS)],
    ...readdirSync(assets).map((name): [string, Resource] => {
      const headers = {
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'cache-control': FOR_EVER,
        'x-content-type-options': 'nosniff',
      }
      return [`/assets/${name}`, read(new URL(name, assets), headers)]
    }),
  ])
}

function read(file: URL, headers: Resource['headers']): Resource {
  const body = readFileSync(file)
  return { headers, body, gzipped: gzipSync(body) }
}
