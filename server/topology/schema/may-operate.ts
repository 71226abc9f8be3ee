import { permission, type Permission } from '../../access/permission.ts';
import { clustersAmong, visibilityOf } from '../../access/visibility.ts';
import { batched } from '../../graphql/loader.ts';

const LACKING = 'It needs the role OPERATOR over this cluster.';

/** Whether who asks may start operations on a cluster. */
export const mayOperate = batched<Permission>(
  async (clusterIds, { prisma }, _args, { principal }) => {
    const operable = await clustersAmong(prisma, visibilityOf(principal, 'OPERATOR'), clusterIds);
    return new Map([...operable].map((id) => [id, permission('START_OPERATION', true, LACKING)]));
  },
  permission('START_OPERATION', false, LACKING),
);
