import { connection, STALE_AFTER_MS } from '$lib/kit/connection.svelte.ts';
import { graphql, type ResultOf } from '$lib/kit/graphql.ts';
import { resume, type Resumed } from '$lib/kit/resume.ts';
import { session } from '$lib/kit/session.svelte.ts';
import { subscribe } from '$lib/kit/subscribe.ts';
import { PendingChanges } from './changes.ts';
import { ClusterRow, NodeRow, OperationRow, SystemHead } from './fragments.ts';
import { topology } from './store.svelte.ts';

const TopologyChanged = graphql(
  `
    subscription TopologyChanged($since: Revision) {
      topologyChanged(since: $since) {
        __typename
        ... on TopologySnapshot {
          revision
          system {
            ...SystemHead
          }
        }
        ... on TopologyDelta {
          revision
          system {
            ...SystemHead
          }
          clusters {
            ...ClusterRow
          }
          nodes {
            ...NodeRow
          }
          operations {
            ...OperationRow
          }
        }
        ... on Bookmark {
          revision
          at
        }
      }
    }
  `,
  [SystemHead, ClusterRow, NodeRow, OperationRow],
);

type TopologyEvent = ResultOf<typeof TopologyChanged>['topologyChanged'];

/** Pages wait so long for the stream, so that nothing falls between their queries and its snapshot; then they go on. */
const READY_AFTER_MS = 1_000;

const pending = new PendingChanges();
let frame = 0;

function flush(): void {
  frame = 0;
  if (!connection.paused && !pending.isEmpty) topology.apply(pending.take());
}

/** Draws at most once a frame. A hidden page gets no frames: its changes wait, one an entity. */
function show(): void {
  if (connection.paused) connection.pending = pending.size;
  else frame ||= requestAnimationFrame(flush);
}

function onEvent(event: TopologyEvent): void {
  connection.heard(event.__typename === 'Bookmark' ? event.at : event.system.serverTime);
  // A snapshot says nothing of what happened before it: what pages hold already has to be fetched again.
  if (event.__typename === 'TopologySnapshot' && connection.ready) connection.generation++;
  connection.ready = true;
  if (event.__typename === 'Bookmark') return;
  if (event.__typename === 'TopologyDelta') pending.add(event);
  else pending.add({ system: event.system, clusters: [], nodes: [], operations: [] });
  show();
}

/** Stops drawing what changes; it is collected meanwhile. */
export function pause(): void {
  connection.paused = true;
  connection.pending = 0;
}

/** Shows what was collected and goes on live. */
export function unpause(): void {
  connection.paused = false;
  connection.pending = 0;
  connection.currentAt = connection.heardAt;
  show();
}

/** Starts the one topology subscription of the page; returns how to stop it. */
export function startLive(): () => void {
  const stream: Resumed = resume<ResultOf<typeof TopologyChanged>>({
    open: (since, sink) => subscribe(TopologyChanged, { since: since ?? null }, sink),
    revisionOf: (data) => data.topologyChanged.revision,
    onEvent: (data) => onEvent(data.topologyChanged),
    onState: (state) => {
      connection.stream = state;
      if (state.phase === 'waiting') connection.ready = true;
    },
    onResync: () => pending.clear(),
    silenceMs: STALE_AFTER_MS,
  });
  const stopTicking = connection.tick();
  const givenUp = setTimeout(() => (connection.ready = true), READY_AFTER_MS);
  const retry = (): void => stream.retryNow();
  const retryWhenSeen = (): void => {
    if (document.visibilityState === 'visible') stream.retryNow();
  };
  const stopListening = session.onBegin(retry);
  addEventListener('online', retry);
  document.addEventListener('visibilitychange', retryWhenSeen);
  return () => {
    stopListening();
    removeEventListener('online', retry);
    document.removeEventListener('visibilitychange', retryWhenSeen);
    stopTicking();
    clearTimeout(givenUp);
    cancelAnimationFrame(frame);
    frame = 0;
    stream.stop();
  };
}
