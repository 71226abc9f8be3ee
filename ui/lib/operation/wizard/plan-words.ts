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
