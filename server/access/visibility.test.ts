import { expect, it } from 'vitest';
import type { Principal } from './principal.ts';
import { visibilityOf } from './visibility.ts';

it('a manager sees its own cluster, and has no person’s role over it', () => {
  const manager: Principal = {
    ...{ kind: 'manager', managerId: 'm', clusterId: 'c', name: 'm' },
    ...{ credentialHash: '', credentialId: '' },
  };
  expect(visibilityOf(manager).clusters).toEqual({ id: 'c' });
  for (const role of ['OPERATOR', 'ADMINISTRATOR'] as const)
    expect(visibilityOf(manager, role).clusters, role).toEqual({ id: { in: [] } });
});
