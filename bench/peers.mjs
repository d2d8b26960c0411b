// The programs that are measured against each other, and how each is started.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const NCHAN_MODULE = process.env.NCHAN_MODULE ?? '/usr/lib/nginx/modules/ngx_nchan_module.so'
export const NGINX = process.env.NGINX_BINARY ?? '/usr/sbin/nginx'

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} what
 * @property {string} dialect
 * @property {string[]} args of Node; empty: not a Node program
 * @property {boolean} many whether one request can push to many identifiers, and one subscriber name many
 * @property {() => string | null} missing why it cannot run here
 */

const nodePeer = (name, dialect, what) => ({
  name,
  what,
  dialect,
  args: [fileURLToPath(new URL(`peers/${name}.mjs`, import.meta.url))],
  many: true,
  missing: () => null,
})

/** What stands before replicas: no peer, but measured like one. @type {Peer} */
export const GATEWAY = {
  name: 'gateway',
  what: 'cloudpush gateway before one replica',
  dialect: 'cloudpush',
  args: [MAIN, 'gateway', '--port', '0', '--log-level', 'error'],
  many: true,
  missing: () => null,
}

/** @type {readonly Peer[]} */
export const PEERS = [
  {
    name: 'cloudpush',
    what: 'this project, with Redis, retention on',
    dialect: 'cloudpush',
    args: [MAIN, 'start', '--port', '0', '--log-level', 'error'],
    many: true,
    missing: () => (existsSync(MAIN) ? null : 'dist/main.js is missing: npm run build'),
  },
  nodePeer('bridge', 'plain', 'HTTP POST → Redis PUBLISH → ws.send of the same bytes; nothing else'),
  nodePeer('docs-stack', 'graphql', 'graphql-yoga + graphql-ws + graphql-redis-subscriptions'),
  nodePeer('apollo', 'graphql', 'Apollo Server + graphql-ws + graphql-redis-subscriptions'),
  nodePeer('socketio', 'socketio', 'Socket.IO + its Redis adapter, rooms'),
  nodePeer('mercurius', 'graphql', 'Fastify + Mercurius + mqemitter-redis'),
  {
    name: 'nchan',
    what: 'nginx + nchan (C), Redis; messages stored',
    dialect: 'nchan',
    args: [],
    many: false,
    missing: () =>
      existsSync(NGINX) && existsSync(NCHAN_MODULE)
        ? null
        : `not here: apt-get install nginx libnginx-mod-nchan (or NGINX_BINARY and NCHAN_MODULE name them)`,
  },
]

export { NCHAN_MODULE }
