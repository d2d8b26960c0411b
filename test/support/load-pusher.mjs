/**
 * The thread that pushes, so that the load stays steady whatever the test's own event loop does. Plain JavaScript,
 * since Node 20 starts threads from nothing else; `load-run.ts` starts it and says what goes in and out.
 *
 * Each identifier has one push under way at most, so the payloads 1, 2, 3 … of an identifier are accepted in that order.
 * A push without an answer, or one that was refused, is repeated with its id on the other replicas until it is accepted.
 */
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

/** @type {{ urls: string[], identifiers: string[], pushesPerSecond: number, runId: string }} */
const { urls, identifiers, pushesPerSecond, runId } = workerData

const STEP_MS = 10
const REPEAT_MS = 50
const ANSWER_LIMIT_MS = 10_000 // 10 seconds
const PUSH = 'mutation Push($input: PushInput!) { push(input: $input) { accepted } }'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const accepted = Object.fromEntries(identifiers.map((identifier) => [identifier, 0]))
const refusals = {}
let unanswered = 0
let stopping = false
let underWay = 0
/** Identifiers that nothing is under way for, the one that waited longest first. */
const idle = [...identifiers]

/** The answer to one push; null when the connection ended before it. */
function post(url, input) {
  return new Promise((resolve) => {
    const body = JSON.stringify({ query: PUSH, variables: { input } })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', agent, headers, timeout: ANSWER_LIMIT_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(parse(text, response.statusCode)))
      response.on('error', () => resolve(null))
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => resolve(null))
    sent.end(body)
  })
}

/** What stands before the replicas answers for itself where it has none to give: that is no JSON. */
function parse(text, status) {
  try {
    return JSON.parse(text)
  } catch {
    return { errors: [{ message: `HTTP ${status}` }] }
  }
}

async function push(identifier, turn) {
  const sequence = accepted[identifier] + 1
  const input = { id: `${runId}-${identifier}-${sequence}`, to: [identifier], payload: sequence }
  for (let attempt = 0; ; attempt++) {
    const sentAt = Date.now()
    const answer = await post(urls[(turn + attempt) % urls.length], input)
    if (answer?.data?.push) {
      parentPort.postMessage({ accepted: { identifier, sentAt, answeredAt: Date.now() } })
      break
    }
    if (answer === null) unanswered++
    for (const { message, extensions } of answer?.errors ?? []) {
      const code = extensions?.code ?? message
      refusals[code] = (refusals[code] ?? 0) + 1
      parentPort.postMessage({ refused: code })
    }
    await new Promise((resolve) => setTimeout(resolve, REPEAT_MS))
  }
  accepted[identifier] = sequence
}

let begun = 0
const startedAt = performance.now()
const clock = setInterval(() => {
  const due = Math.floor(((performance.now() - startedAt) / 1_000) * pushesPerSecond)
  // What could not be pushed in time, because all identifiers wait for answers, is left out, not caught up with.
  for (; begun < due && !stopping; begun++) {
    const identifier = idle.shift()
    if (identifier === undefined) {
      begun = due
      break
    }
    underWay++
    push(identifier, begun).then(() => {
      idle.push(identifier)
      underWay--
      finish()
    })
  }
}, STEP_MS)

function finish() {
  if (!stopping || underWay > 0) return
  clearInterval(clock)
  agent.destroy()
  const seconds = (performance.now() - startedAt) / 1_000
  parentPort.postMessage({ pushed: { accepted, refusals, unanswered, seconds } })
  parentPort.close()
}

parentPort.on('message', () => {
  stopping = true
  finish()
})
