/** How often a fault is repeated: a few times in `npm test`, as often as promised in `npm run test:faults`. */
export const rounds = ({ short, full }: { short: number; full: number }): number =>
  process.env['OC_FAULTS'] === 'full' ? full : short;
