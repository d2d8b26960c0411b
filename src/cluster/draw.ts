/** An index, as likely as its weight; -1 where all weights are 0. Weights need not sum to anything. */
export function draw(weights: readonly number[], random: () => number): number {
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0)
  let last = -1
  for (const [index, weight] of weights.entries()) {
    if (weight <= 0) continue
    rest -= weight
    if (rest < 0) return index
    // What is left over by rounding is the last one's.
    last = index
  }
  return last
}
