import type { IssuedCommand, NodeReport } from '../graphql.ts';

export type StopMode = IssuedCommand['mode'];

/** A node as the driver sees it now: what the OC is told, and what the manager needs to act. */
export interface DriverNode extends NodeReport {
  /**
   * Which instance runs, e.g. `pid 1234 @ 2026-11-24T17:00:00.000Z`; null when none does. Two instances of a node
   * never have the same identity, whoever started them: from that the manager knows what it has done already.
   */
  instance: string | null;
  /** It is DOWN, and the driver will start it again by itself. */
  returning: boolean;
}

/** What was measured of a node, in base units. */
export interface NodeSamples {
  name: string;
  samples: { name: string; value: number; at: string }[];
}

export interface StopOutcome {
  /** How it ended, in words, when that is worth a word: "did not end within 10 s of SIGTERM: killed". */
  note: string | null;
}

/** Why no command can be begun now. */
export interface Busy {
  /** A sentence, e.g. `The backup of the night runs.` */
  reason: string;
  /** When to ask again; from 1 to 86,400. */
  retryAfterSeconds: number;
}

/** Stands between a primary and what it acts on: once another manager acts there, it lets nothing through. */
export interface Guard {
  /** Called in the same turn right before each act on a node. @throws Fenced: the act is not done. */
  check(): void;

  /**
   * Replaces a file of the shared state folder as a whole (see writeFileAtomic), and never one that a later primary
   * has written.
   * @throws Fenced: the file is as it was.
   */
  write(path: string, text: string, options?: { durable?: boolean }): void;
}

/**
 * What the manager needs of a kind of cluster. A driver works between `takeOver` and `release` only: a standby's
 * driver does nothing, and what runs goes on running without it.
 */
export interface ClusterDriver {
  /** Kind of cluster, as the OC shows it. */
  readonly kind: string;

  /**
   * The manager is primary: finds the nodes that run (those of a former primary too), keeps them as they are, and
   * brings up what should run and does not.
   *
   * @param guard asked before each act, and the way of everything that is written.
   * @throws Fenced
   */
  takeOver(guard: Guard): void;

  /** The manager is not primary any more: no act, no timer, no event from now on. Nodes keep running. */
  release(): void;

  /** All nodes there are, stopped and dead ones too. */
  nodes(): DriverNode[];
  node(name: string): DriverNode | undefined;

  /**
   * @param listener is told the name of a node that joined, changed or left; in `takeOver` of those that are found to
   *   have left while no manager looked. Returns the way to stop listening.
   */
  onChange(listener: (name: string) => void): () => void;

  /**
   * Stops a node on purpose: it stays STOPPED, also over managers, until `start`. Resolves when nothing of it runs.
   * @throws Fenced; Released when the driver is released meanwhile.
   */
  stop(name: string, mode: StopMode): Promise<StopOutcome>;

  /**
   * Starts a node and resolves when its new instance exists; it need not be healthy. Does nothing when one runs.
   * @throws Fenced; Released; Error saying why it cannot be started: the node is DOWN then, since nobody wanted it STOPPED.
   */
  start(name: string): Promise<void>;

  /**
   * Asked before a command is begun, never in the middle of one. Null, or no such function: it may begin. Else the OC is
   * told, and issues the command again when it is time.
   */
  busy?(): Busy | null;

  /** The last lines that the node has written, oldest first. */
  lastOutput(name: string): string[];

  /** What can be measured now of the nodes that run; nothing where this kind of cluster has none of it. */
  measure(): Promise<NodeSamples[]>;

  /** The manager ends and its nodes with it: drains all. They are started again by the next `takeOver`. */
  shutDown(): Promise<void>;
}

/** The driver was released while it was at something. */
export class Released extends Error {
  override readonly name = 'Released';
}
