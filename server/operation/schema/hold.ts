import { builder } from '../../graphql/builder.ts';
import { HOLD_RULES, type Hold as HoldShape } from '../hold.ts';

const HoldRule = builder.enumType('HoldRule', { values: HOLD_RULES });

export type HoldValue = HoldShape & { since: Date | null };

export const Hold = builder.objectRef<HoldValue>('Hold').implement({
  description: 'Why something does not move.',
  authScopes: { public: true },
  fields: (t) => ({
    rule: t.expose('rule', { type: HoldRule }),
    reason: t.exposeString('reason', { description: 'A sentence.' }),
    freedBy: t.exposeString('freedBy', {
      description: 'What frees it: somebody’s act, or what it waits for.',
    }),
    since: t.expose('since', { type: 'DateTime', nullable: true }),
  }),
});
