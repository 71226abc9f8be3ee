/** What GraphiQL opens with. A test runs each of these documents' operations through validation. */
export const examples = `# The Operations Center's API. Put the cursor into an operation and press Ctrl-Enter.

query System {
  system {
    name
    status
    statusReason
    nodeCounts { status count }
    clusters(first: 20, orderBy: WORST_FIRST) {
      totalCount
      edges { node { id name kind status statusReason controlLink lastHeardAt primary { name url } } }
    }
  }
}

query NodesInTrouble {
  system {
    nodes(first: 50, filter: { status: [DOWN, UNHEALTHY, UNKNOWN] }) {
      totalCount
      edges { node { id name status statusReason reportedAt cluster { name } } }
    }
  }
}

# The dry run of a rolling restart. Variables: { "cluster": "<id of a cluster>" }
query Plan($cluster: ID!) {
  planOperation(
    input: { kind: ROLLING_RESTART, targets: { clusterIds: [$cluster] }, rolling: { batchSize: { count: 1 }, maxUnavailable: { percent: 25 } } }
  ) {
    digest
    nodeCount
    warnings
    clusters(first: 10) {
      edges {
        node {
          warnings
          batches(first: 20) { totalCount edges { node { index nodes(first: 20) { edges { node { name status } } } } } }
          excluded(first: 20) { totalCount edges { node { name reason } } }
        }
      }
    }
  }
}

# Variables: { "cluster": "<id of a cluster>", "key": "<anything, new for each start>" }
mutation Restart($cluster: ID!, $key: String!) {
  startOperation(
    input: {
      plan: { kind: ROLLING_RESTART, targets: { clusterIds: [$cluster] } }
      reason: "Trying it out"
      idempotencyKey: $key
    }
  ) {
    id
    status
  }
}

query Operations {
  operations(first: 20) {
    edges { node { id kind status statusReason reason actor createdAt stepCounts { status count } } }
  }
}

subscription Live {
  topologyChanged {
    __typename
    ... on TopologySnapshot { revision system { status statusReason } }
    ... on TopologyDelta { revision clusters { name status } nodes { name status statusReason } }
    ... on Bookmark { revision at }
  }
}

mutation EnrolmentToken {
  createEnrolmentToken(input: { uses: 1, expiresInSeconds: 3600 }) { token expiresAt }
}

query Me {
  viewer { name grants { role clusters { names labels { key value } } } viewerCan { action allowed reason } }
}

# For administrators of the whole system.
query People {
  people(first: 20, filter: { status: [ACTIVE, INVITED] }) {
    totalCount
    edges { node { id name status lastLogInAt grants { role clusters { names labels { key value } } } } }
  }
}

# Send the key as the header \`authorization: Bearer ock_…\`.
mutation ApiKey {
  createApiKey(input: { name: "nightly", grants: [{ role: VIEWER }], expiresInSeconds: 86400 }) { key }
}
`;
