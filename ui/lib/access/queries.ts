import { graphql, type Enum, type FragmentOf } from '$lib/kit/graphql.ts';

/** A role and where it holds. */
export const GrantParts = graphql(`
  fragment GrantParts on Grant {
    role
    clusters {
      names
      labels {
        key
        value
      }
    }
  }
`);

/** Whether who asks may do something, and what is lacking. */
export const PermissionParts = graphql(`
  fragment PermissionParts on Permission {
    action
    allowed
    reason
  }
`);

/** Who asks, and what they may do. */
export const ViewerParts = graphql(
  `
    fragment ViewerParts on Viewer {
      authentication
      kind
      personId
      name
      expiresAt
      firstAdministratorWanted
      grants {
        ...GrantParts
      }
      viewerCan {
        ...PermissionParts
      }
    }
  `,
  [GrantParts, PermissionParts],
);

export const WhoAsks = graphql(
  `
    query WhoAsks {
      viewer {
        ...ViewerParts
      }
    }
  `,
  [ViewerParts],
);

export const LogIn = graphql(
  `
    mutation LogIn($input: LogInInput!) {
      logIn(input: $input) {
        ...ViewerParts
      }
    }
  `,
  [ViewerParts],
);

export const LogOut = graphql(`
  mutation LogOut($everywhere: Boolean = false) {
    logOut(everywhere: $everywhere) {
      kind
    }
  }
`);

export const InvitationOf = graphql(`
  query InvitationOf($token: String!) {
    invitation(token: $token) {
      name
      expiresAt
    }
  }
`);

export const AcceptInvitation = graphql(
  `
    mutation AcceptInvitation($input: AcceptInvitationInput!) {
      acceptInvitation(input: $input) {
        ...ViewerParts
      }
    }
  `,
  [ViewerParts],
);

export const CreateFirstAdministrator = graphql(
  `
    mutation CreateFirstAdministrator($input: CreateFirstAdministratorInput!) {
      createFirstAdministrator(input: $input) {
        ...ViewerParts
      }
    }
  `,
  [ViewerParts],
);

export const ChangePassword = graphql(
  `
    mutation ChangePassword($input: ChangePasswordInput!) {
      changePassword(input: $input) {
        ...ViewerParts
      }
    }
  `,
  [ViewerParts],
);

export type Viewer = FragmentOf<typeof ViewerParts>;
export type Grant = FragmentOf<typeof GrantParts>;
export type Permission = FragmentOf<typeof PermissionParts>;
export type Action = Enum<'Action'>;
