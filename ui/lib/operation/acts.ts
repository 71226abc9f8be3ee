import type { TypedDocumentNode } from '@urql/svelte';
import { graphql, type VariablesOf } from '$lib/kit/graphql.ts';
import { OperationParts } from './fragments.ts';

/** What can be done to an operation, or to a part of it. */
export type ActName = 'pause' | 'resume' | 'promote' | 'skip' | 'retry' | 'abort' | 'approve' | 'withdraw';

const Pause = graphql(
  `
    mutation PauseOperation($input: OperationActInput!) {
      operation: pauseOperation(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);
const Resume = graphql(
  `
    mutation ResumeOperation($input: OperationActInput!) {
      operation: resumeOperation(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);
const Promote = graphql(
  `
    mutation PromoteOperation($input: OperationActInput!) {
      operation: promoteOperation(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);
const Skip = graphql(
  `
    mutation SkipOperation($input: OperationActInput!) {
      operation: skipOperation(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);
const Retry = graphql(
  `
    mutation RetryOperation($input: OperationActInput!) {
      operation: retryOperation(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);
const Abort = graphql(
  `
    mutation AbortOperation($input: OperationActInput!, $atOnce: Boolean) {
      operation: abortOperation(input: $input, atOnce: $atOnce) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);

const Approve = graphql(
  `
    mutation ApproveOperation($input: ApprovalInput!) {
      operation: approveOperation(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);
const Withdraw = graphql(
  `
    mutation WithdrawApproval($input: ApprovalInput!) {
      operation: withdrawApproval(input: $input) {
        ...OperationParts
      }
    }
  `,
  [OperationParts],
);

export interface ActVariables extends Record<string, unknown> {
  input: VariablesOf<typeof Pause>['input'];
  /** With abort only. */
  atOnce?: boolean;
}
export type ActScope = NonNullable<ActVariables['input']['scope']>;

export interface Act {
  /** One word for one act, on its button and in its dialog. */
  word: string;
  look: 'plain' | 'primary' | 'danger';
  /** What it does, for who is about to do it. */
  does: string;
  document: TypedDocumentNode<{ operation: OperationParts }, ActVariables>;
}

export const ACTS: Record<ActName, Act> = {
  pause: {
    word: 'Pause',
    look: 'plain',
    does: 'Nothing more begins until someone resumes it. What is under way is finished.',
    document: Pause,
  },
  resume: {
    word: 'Resume',
    look: 'primary',
    does: 'It goes on from where it stands. Failures that paused it count no more.',
    document: Resume,
  },
  promote: {
    word: 'Promote',
    look: 'primary',
    does: 'Opens the manual gate: the wave begins as soon as those before it are done.',
    document: Promote,
  },
  skip: {
    word: 'Skip',
    look: 'plain',
    does: 'Leaves out what has not begun. What is under way is finished.',
    document: Skip,
  },
  retry: {
    word: 'Retry failed',
    look: 'plain',
    does: 'Does once more what did not succeed, and only that. What succeeded is left alone.',
    document: Retry,
  },
  approve: {
    word: 'Approve',
    look: 'primary',
    does: 'You have looked at what it will do, and say yes to it. With enough approvals it may begin.',
    document: Approve,
  },
  withdraw: {
    word: 'Withdraw approval',
    look: 'plain',
    does: 'Takes your approval back. It waits until somebody approves it anew.',
    document: Withdraw,
  },
  abort: {
    word: 'Abort',
    look: 'danger',
    does: 'Nothing more begins, and what was done stays done. It can be retried later.',
    document: Abort,
  },
};
