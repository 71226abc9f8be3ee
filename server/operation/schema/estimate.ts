import { builder } from '../../graphql/builder.ts';
import type { Estimate as EstimateShape } from '../estimate.ts';

export const OperationEstimate = builder.objectRef<EstimateShape>('OperationEstimate').implement({
  description:
    'How long it should take, from how long it took before. What waits for people, for a time or for clusters that are offline is not in it.',
  authScopes: { public: true },
  fields: (t) => ({
    seconds: t.exposeInt('seconds', { description: 'When nodes take as long as they mostly did.' }),
    p90Seconds: t.exposeInt('p90Seconds', {
      description: 'When each node takes as long as the slowest tenth did.',
    }),
    steps: t.exposeInt('steps', { description: 'From so many steps on nodes before.' }),
  }),
});
