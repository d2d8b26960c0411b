/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Of values in ascending order, by nearest rank. @param {readonly number[]} sorted @param {number} share */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]
}

/** The median of every number that all runs have. @param {readonly Record<string, unknown>[]} runs */
export function mediansOf(runs) {
  return Object.fromEntries(
    Object.entries(runs[0])
      .filter(([, value]) => typeof value === 'number')
      .map(([name]) => [name, median(runs.map((run) => run[name]))]),
  )
}
