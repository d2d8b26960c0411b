// Whoever watches a replica: Prometheus, three consoles, a collector of traces.
import { createServer } from 'node:http'

const SCRAPE_MS = 1_000 // 1 second
const CONSOLES = 3
const WATCHED = [
  `subscription { statistics {
    deliveryRate deliveryLatencyMs { p50 p90 p99 } sessionSeconds { p50 p90 p99 }
    minutes { minute pushes sent delivered acknowledged sessionsOpened sessionsClosed }
  } }`,
  `subscription { replicas {
    id state sessions subscriptions capacity weight
    health {
      cpuPercent memoryBytes memoryTotalBytes eventLoopDelayMs
      networkReceiveBytesPerSecond networkTransmitBytesPerSecond
    }
  } }`,
]

/** Watches a replica until it is closed. Resolves when everybody sees something. @param {number} port */
export async function watch(port) {
  const stopping = new AbortController()
  const url = `http://127.0.0.1:${port}`
  const scrape = async () => (await fetch(`${url}/metrics`, { signal: stopping.signal })).text()
  await scrape()
  const timer = setInterval(() => scrape().catch(() => {}), SCRAPE_MS)
  const streams = []
  for (let i = 0; i < CONSOLES; i++)
    for (const query of WATCHED) streams.push(await stream(`${url}/graphql`, query, stopping.signal))
  return {
    async close() {
      clearInterval(timer)
      stopping.abort()
      await Promise.allSettled(streams.map(({ ended }) => ended))
    },
  }
}

/** Resolves with the first event; what comes later is read and thrown away. */
async function stream(url, query, signal) {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
  const { body } = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }), signal })
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes('"data"')) {
    const { done, value } = await reader.read()
    text += decoder.decode(value)
    if (done || text.includes('"errors"')) throw new Error(`it cannot be watched: ${text}`)
  }
  const readOn = async () => {
    while (!(await reader.read()).done);
  }
  return { ended: readOn() }
}

/** Takes traces and throws them away. `url` is where they are told to. */
export async function startCollector() {
  const server = createServer((request, response) => {
    const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    request.resume().on('end', answer)
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${server.address().port}/v1/traces`,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
