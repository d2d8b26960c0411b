import { interleave, openBursts } from '../measure.mjs'
import { startCollector, watch } from '../watchers.mjs'

export const title = 'Observing: everything that tells of a replica, on against off'
export const about =
  'off: no log, no statistics, nobody asks. on: every option at its default (log as JSON with a hundredth of the pushes, ' +
  'statistics each second), /metrics read each second, `statistics` and `replicas` watched by three. traced: that, and ' +
  'a hundredth of the pushes told as traces. Five bursts a run; each is watched while it runs only.'
export const targets = ['on: ≥ 0.95 × off', 'CPU per delivery ≤ 1.05 × off']
export const references = ['off']

/** An inbox keeps 1,000 messages. */
const MOST_PUSHES = 900
const BURSTS = 5
const OFF = ['--log-level', 'silent', '--statistics-seconds', '0']
const ON = ['--log-level', 'info']

/** @param {import('../measure.mjs').Bench} bench */
export function run(bench) {
  const cloudpush = bench.peers.find(({ name }) => name === 'cloudpush')
  if (!cloudpush) return []
  const subscribers = Math.max(1, Math.round(1000 * bench.size))
  const room = { subscribers, identifiers: 1, loadProcesses: bench.loadProcesses }
  const pushes = { 'room, 8 pushers': { connections: 8 }, 'room, 1 pusher': { connections: 1 } }
  const entry = (name, args, watched) => {
    const peer = { ...cloudpush, name }
    return {
      peer,
      async open() {
        const collector = await startCollector()
        const started = { ...peer, args: [...cloudpush.args, ...args(collector.url)] }
        const opened = await openBursts({ peer: started, ...room }, pushes, { most: MOST_PUSHES })
        const [{ port }] = opened.servers
        const variants = Object.entries(opened.variants).map(([variant, burst]) => {
          return [variant, () => runOf(burst, watched ? port : null)]
        })
        const close = () => Promise.all([opened.close(), collector.close()])
        return { variants: Object.fromEntries(variants), close }
      },
    }
  }
  return interleave(bench, [
    entry('off', () => OFF, false),
    entry('on', () => ON, true),
    entry('traced', (url) => [...ON, '--traces-url', url, '--traces-sample', '0.01'], true),
  ])
}

/** Bursts enough that what comes once a second comes several times. */
async function runOf(burst, watchedPort) {
  const watchers = watchedPort === null ? null : await watch(watchedPort)
  const bursts = []
  for (let i = 0; i < BURSTS; i++) bursts.push(await burst())
  await watchers?.close()
  const sum = (of) => bursts.reduce((total, each) => total + of(each), 0)
  const deliveries = sum((each) => each.deliveries)
  const seconds = sum((each) => each.seconds)
  const perDelivery = (name) => sum((each) => each[name] * each.deliveries) / deliveries
  return {
    deliveriesPerSecond: deliveries / seconds,
    serverCpuPerDelivery: perDelivery('serverCpuPerDelivery'),
    redisCpuPerDelivery: perDelivery('redisCpuPerDelivery'),
    loadCpuPerDelivery: perDelivery('loadCpuPerDelivery'),
    loadCpuShare: sum((each) => each.loadCpuShare * each.seconds) / seconds,
  }
}
