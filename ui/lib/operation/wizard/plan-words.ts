import { counted } from '../../kit/words.ts';
import { duration } from '../../kit/time.ts';

/** How large a plan is, in words: `12 nodes in 3 clusters, 2 waves`. */
export const planWords = (plan: {
  nodeCount: number;
  waves: readonly { clusterCount: number }[];
}): string => {
  const clusters = plan.waves.reduce((sum, { clusterCount }) => sum + clusterCount, 0);
  return `${counted(plan.nodeCount, 'node')} in ${counted(clusters, 'cluster')}, ${counted(plan.waves.length, 'wave')}`;
};

interface Estimate {
  seconds: number;
  p90Seconds: number;
  steps: number;
}

/** How long it should take: `about 12 min, 20 min when it is slow`. */
export const estimateWords = ({ seconds, p90Seconds }: Estimate): string => {
  const [about, slow] = [seconds, p90Seconds].map((span) => duration(Math.max(1, span) * 1000));
  return about === slow ? `about ${about}` : `about ${about}, ${slow} when it is slow`;
};

/** The same of a plan, with what it is known from. */
export const shouldTake = (estimate: Estimate | null): string =>
  estimate
    ? `It should take ${estimateWords(estimate)}, as ${counted(estimate.steps, 'node')} before.`
    : 'How long it takes is not known: nothing like it was done in these clusters before.';

interface PlannedWave {
  clusterCount: number;
  manualGate: boolean;
  soakSeconds: number;
  failureBudget: number;
  offlineBudget: number;
}

/** What is to be known of a wave, in words. */
export const waveWords = (wave: PlannedWave): string[] => [
  counted(wave.clusterCount, 'cluster'),
  ...(wave.manualGate ? ['begins when someone promotes it'] : []),
  `${wave.failureBudget} may fail`,
  `not waited for while offline: ${wave.offlineBudget}`,
  ...(wave.soakSeconds > 0 ? [`soaks for ${duration(wave.soakSeconds * 1000)}`] : []),
];
