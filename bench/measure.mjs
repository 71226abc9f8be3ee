/** The middle one; of an even count the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

/** One line of output from paired measurements `[ours, reference]`; `most`: the ratio may not be above. */
export function rowAtMost(name, pairs, unit, most) {
  const ratio = median(pairs.map(([ours, reference]) => ours / reference));
  return {
    case: name,
    ours: round(median(pairs.map(([ours]) => ours))),
    reference: round(median(pairs.map(([, reference]) => reference))),
    unit,
    ratio: round(ratio),
    target: `<= ${most}`,
    ok: ratio <= most,
  };
}

const round = (n) => Math.round(n * 100) / 100;
