/** The middle one; of an even count the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The number that a hundredth of the others is above. */
export function p99(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))];
}

/** One line of output from paired measurements `[ours, reference]`; `most`: the ratio may not be above. */
export const rowAtMost = (name, pairs, unit, most) =>
  row(name, pairs, unit, `<= ${most}`, (ratio) => ratio <= most);

/** As {@link rowAtMost}; `least`: the ratio may not be below. */
export const rowAtLeast = (name, pairs, unit, least) =>
  row(name, pairs, unit, `>= ${least}`, (ratio) => ratio >= least);

/** Measurements that nothing is promised of: printed for who reads. */
export const rowAside = (name, pairs, unit) => row(name, pairs, unit, null, () => true);

/** A line of what has no reference but a configured limit. */
export const rowWithin = (name, ours, unit, target, limit, ok) => ({
  case: name,
  ours: round(ours),
  reference: limit,
  unit,
  ratio: limit ? round(ours / limit) : null,
  target,
  ok,
});

function row(name, pairs, unit, target, passes) {
  const ratio = median(pairs.map(([ours, reference]) => ours / reference));
  return {
    case: name,
    ours: round(median(pairs.map(([ours]) => ours))),
    reference: round(median(pairs.map(([, reference]) => reference))),
    unit,
    ratio: round(ratio),
    target,
    ok: passes(ratio),
  };
}

/** Two decimals, and three digits of what is smaller. */
const round = (n) => (Math.abs(n) < 1 ? Number(n.toPrecision(3)) : Math.round(n * 100) / 100);

/**
 * What each of `measures` measured in each round, one after the other. Who goes first alternates, so that none always
 * finds the caches warm.
 */
export async function inTurn(rounds, say, measures) {
  const all = [];
  for (let round = 1; round <= rounds; round++) {
    const seen = {};
    const turns = Object.entries(measures);
    for (const [name, measure] of round % 2 ? turns : turns.reverse()) seen[name] = await measure();
    say(`round ${round}: ${JSON.stringify(seen)}`);
    all.push(seen);
  }
  return all;
}

/** The pairs `[ours, reference]` of what {@link inTurn} measured. */
export const pairsOf = (rounds, reference) => rounds.map((seen) => [seen.ours, seen[reference]]);
