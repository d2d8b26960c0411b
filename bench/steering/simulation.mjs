/**
 * A cluster in numbers: no sockets, and the same outcome for the same seed. Time goes in steps of 100 ms. Replicas write
 * their loads every second; each steering point hears of them every `loadsEverySeconds`. Clients that lose their replica
 * come back as the stock graphql-ws client does: after 1.3 to 4 seconds.
 */
import { randomFrom } from './random.mjs'

const STEP_MS = 100
const REPORT_MS = 1_000
const LEASE_MS = 5_000
const RETRY_MIN_MS = 1_300
const RETRY_MAX_MS = 4_000
/** Below so many sessions per replica, chance alone makes replicas uneven. */
const MIN_MEAN_SESSIONS = 200
const HEALTH = { cpuPercent: 20, eventLoopDelayMs: 2 }

/** Runs a scenario with a policy. Answers one row per second: imbalance, reconnects, and the busiest replica's share. */
export function simulate(scenario, policy, seed) {
  const random = randomFrom(seed)
  const {
    seconds,
    points,
    loadsEverySeconds,
    arrivalsPerSecond,
    meanSessionSeconds = 0,
    events = [],
  } = scenario
  let now = 0
  let names = 0
  const replicas = []
  const start = (capacity, sessions, startedAt) => {
    const id = `r-${names++}`
    replicas.push({
      id,
      capacity,
      sessions,
      state: 'UP',
      startedAt,
      drain: null,
      diedAt: null,
      load: null,
      got: 0,
    })
  }
  for (const { capacity, sessions } of scenario.replicas) start(capacity, sessions, -3_600_000)

  const report = (replica) => {
    replica.load = {
      id: replica.id,
      capacity: replica.capacity,
      sessions: replica.sessions,
      state: replica.state,
      health: HEALTH,
      uptimeMs: now - replica.startedAt,
      lastSeen: new Date(now),
    }
  }
  const loads = () => replicas.filter(({ load }) => load !== null).map(({ load }) => load)
  const shared = {}
  const steering = Array.from({ length: points }, (_, n) => {
    const point = {
      view: [],
      heardAt: Number.NEGATIVE_INFINITY,
      phase: (n * loadsEverySeconds * 1_000) / points,
    }
    point.choose = policy.create({ view: () => point.view, loads, random, now: () => now, shared })
    return point
  })

  /** Clients that wait to come back, by the step in which they do. */
  const returning = new Map()
  const loseOne = () => {
    const at = Math.ceil((now + RETRY_MIN_MS + random() * (RETRY_MAX_MS - RETRY_MIN_MS)) / STEP_MS)
    returning.set(at, (returning.get(at) ?? 0) + 1)
  }
  const place = () => {
    const point = steering[Math.floor(random() * steering.length)]
    const except = new Set()
    for (;;) {
      const id = point.choose(except)
      // Nobody is there: the client comes back.
      if (id === undefined) return loseOne()
      const replica = replicas.find((each) => each.id === id)
      if (replica?.state === 'UP' && replica.sessions < replica.capacity) {
        replica.sessions++
        replica.got++
        return
      }
      except.add(id)
    }
  }
  const act = ({ kind, index, capacity, seconds: within }) => {
    const replica = replicas[index]
    if (kind === 'add') start(capacity, 0, now)
    if (kind === 'drain') {
      replica.state = 'DRAINING'
      replica.drain = { from: replica.sessions, at: now, endAt: now + within * 1_000 }
      report(replica)
    }
    if (kind === 'kill') {
      for (; replica.sessions > 0; replica.sessions--) loseOne()
      replica.state = 'DEAD'
      replica.diedAt = now
    }
    if (kind === 'leave') {
      replica.state = 'DEAD'
      replica.load = null
    }
  }

  const rows = []
  let due = 0
  let ended = 0
  let reconnects = 0
  const waiting = [...events].sort((a, b) => a.at - b.at)
  for (let step = 0; step < (seconds * 1_000) / STEP_MS; step++) {
    now = step * STEP_MS
    while (waiting[0] && waiting[0].at * 1_000 <= now) act(waiting.shift())
    for (const [index, replica] of replicas.entries()) {
      if (replica.state !== 'DEAD' && (now + index * 137) % REPORT_MS < STEP_MS) report(replica)
      if (replica.load === null && replica.state !== 'DEAD') report(replica)
      if (replica.diedAt !== null && now - replica.diedAt >= LEASE_MS) replica.load = null
      if (replica.drain) {
        const { from, at, endAt } = replica.drain
        const keep = Math.floor(from * Math.max(0, 1 - (now - at) / (endAt - at)))
        for (; replica.sessions > keep; replica.sessions--) loseOne()
      }
    }
    for (const point of steering) {
      if (now - point.heardAt < loadsEverySeconds * 1_000) continue
      // Points do not hear at the same time.
      point.heardAt = point.heardAt < 0 ? now - point.phase : now
      point.view = loads()
    }
    due +=
      ((typeof arrivalsPerSecond === 'function' ? arrivalsPerSecond(now / 1_000) : arrivalsPerSecond) *
        STEP_MS) /
      1_000
    for (; due >= 1; due--) place()
    const back = returning.get(step) ?? 0
    returning.delete(step)
    reconnects += back
    for (let n = 0; n < back; n++) place()
    if (meanSessionSeconds > 0) {
      // Sessions end by themselves, on each replica as many as its share; the part that is left over goes on to the next step.
      for (const replica of replicas) {
        if (replica.state !== 'UP') continue
        ended = (replica.sessions * STEP_MS) / 1_000 / meanSessionSeconds
        const whole = Math.floor(ended) + (random() < ended % 1 ? 1 : 0)
        replica.sessions -= Math.min(replica.sessions, whole)
      }
    }
    if ((now + STEP_MS) % 1_000 === 0) {
      rows.push(rowOf(replicas, (now + STEP_MS) / 1_000, reconnects))
      reconnects = 0
      for (const replica of replicas) replica.got = 0
    }
  }
  return rows
}

/** Fullness of the fullest replica to that of all; 1 where all are alike. */
function rowOf(replicas, second, reconnects) {
  const up = replicas.filter(({ state }) => state === 'UP')
  const sum = (of) => up.reduce((total, replica) => total + of(replica), 0)
  const mean = sum(({ sessions }) => sessions) / sum(({ capacity }) => capacity)
  const fullest = Math.max(...up.map(({ sessions, capacity }) => sessions / capacity))
  const counts = sum(({ sessions }) => sessions) / up.length >= MIN_MEAN_SESSIONS
  const got = replicas.reduce((total, replica) => total + replica.got, 0)
  const most = Math.max(...replicas.map((replica) => replica.got))
  return {
    second,
    imbalance: counts ? fullest / mean : null,
    reconnects,
    arrivals: got,
    mostToOne: got > 0 ? most / got : 0,
    sessions: sum(({ sessions }) => sessions),
  }
}
