import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';
import { OperationRow } from '$lib/live/fragments.ts';

/** Operations that have not begun: later, not approved, or held by the calendar. */
export const WaitingOperations = graphql(
  `
    query WaitingOperations($first: Int!, $after: String) {
      operations(first: $first, after: $after, filter: { status: [PENDING] }) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...OperationRow
            startsAt
          }
        }
      }
    }
  `,
  [OperationRow],
);

export const FreezeRow = graphql(`
  fragment FreezeRow on Freeze {
    id
    clusters {
      names
      labels {
        key
        value
      }
    }
    from
    until
    isOn
    reason
    createdBy
    createdAt
  }
`);

export const Freezes = graphql(
  `
    query Freezes($first: Int!, $after: String, $filter: FreezeFilter) {
      freezes(first: $first, after: $after, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...FreezeRow
          }
        }
      }
    }
  `,
  [FreezeRow],
);

export const CreateFreeze = graphql(
  `
    mutation CreateFreeze($input: CreateFreezeInput!) {
      createFreeze(input: $input) {
        ...FreezeRow
      }
    }
  `,
  [FreezeRow],
);

export const RemoveFreeze = graphql(`
  mutation RemoveFreeze($input: RemoveFromCalendarInput!) {
    removeFreeze(input: $input) {
      id
    }
  }
`);

export const WindowRow = graphql(`
  fragment WindowRow on MaintenanceWindow {
    id
    name
    clusters {
      names
      labels {
        key
        value
      }
    }
    schedule
    timeZone
    durationSeconds
    openUntil
    opensAt
    reason
    createdBy
    createdAt
  }
`);

export const MaintenanceWindows = graphql(
  `
    query MaintenanceWindows($first: Int!, $after: String) {
      maintenanceWindows(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...WindowRow
          }
        }
      }
    }
  `,
  [WindowRow],
);

export const CreateMaintenanceWindow = graphql(
  `
    mutation CreateMaintenanceWindow($input: CreateMaintenanceWindowInput!) {
      createMaintenanceWindow(input: $input) {
        ...WindowRow
      }
    }
  `,
  [WindowRow],
);

export const RemoveMaintenanceWindow = graphql(`
  mutation RemoveMaintenanceWindow($input: RemoveFromCalendarInput!) {
    removeMaintenanceWindow(input: $input) {
      id
    }
  }
`);

export const OfflineRow = graphql(`
  fragment OfflineRow on PlannedOffline {
    cluster {
      id
      name
    }
    node {
      id
      name
    }
    returnsAt
    reason
    createdBy
    createdAt
  }
`);

export const PlannedOffline = graphql(
  `
    query PlannedOffline($first: Int!, $after: String) {
      plannedOffline(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...OfflineRow
          }
        }
      }
    }
  `,
  [OfflineRow],
);

export const PlanOffline = graphql(
  `
    mutation PlanOffline($input: PlanOfflineInput!) {
      planOffline(input: $input) {
        ...OfflineRow
      }
    }
  `,
  [OfflineRow],
);

export const EndPlannedOffline = graphql(
  `
    mutation EndPlannedOffline($input: EndPlannedOfflineInput!) {
      endPlannedOffline(input: $input) {
        ...OfflineRow
      }
    }
  `,
  [OfflineRow],
);

export type FreezeRow = FragmentOf<typeof FreezeRow>;
export type WindowRow = FragmentOf<typeof WindowRow>;
export type OfflineRow = FragmentOf<typeof OfflineRow>;
