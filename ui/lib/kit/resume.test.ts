import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resume, type Resumed, type StreamSink, type StreamState } from './resume.ts';

interface Opened {
  since: string | undefined;
  sink: StreamSink<{ revision: string }>;
  closed: boolean;
}

describe('resume', () => {
  let opened: Opened[];
  let states: StreamState['phase'][];
  let seen: string[];
  let resyncs: number;
  let stream: Resumed;
  const last = (): Opened => opened.at(-1)!;

  beforeEach(() => {
    vi.useFakeTimers();
    opened = [];
    states = [];
    seen = [];
    resyncs = 0;
    stream = resume<{ revision: string }>({
      open(since, sink) {
        const entry = { since, sink, closed: false };
        opened.push(entry);
        return () => (entry.closed = true);
      },
      revisionOf: ({ revision }) => revision,
      onEvent: ({ revision }) => seen.push(revision),
      onState: ({ phase }) => states.push(phase),
      onResync: () => resyncs++,
      silenceMs: 12_000,
      maxDelayMs: 10_000,
      random: () => 0.999,
    });
  });
  afterEach(() => {
    stream.stop();
    vi.useRealTimers();
  });

  it('starts with a snapshot and goes on behind the last revision', () => {
    expect(last().since).toBeUndefined();
    last().sink.next({ revision: '7' });
    last().sink.next({ revision: '8' });
    last().sink.failed();
    vi.advanceTimersByTime(500);
    expect(last().since).toBe('8');
    expect(seen).toEqual(['7', '8']);
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting']);
  });

  it('asks for a snapshot again when the server no longer keeps what lies behind', () => {
    last().sink.next({ revision: '7' });
    last().sink.failed();
    vi.advanceTimersByTime(500);
    last().sink.failed('RESYNC_REQUIRED');
    expect(resyncs).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(last().since).toBeUndefined();
  });

  it('waits longer after each failure, up to the cap, and starts over after a success', () => {
    for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      const before = opened.length;
      last().sink.failed();
      vi.advanceTimersByTime(wait * 0.99);
      expect(opened).toHaveLength(before);
      vi.advanceTimersByTime(wait * 0.01);
      expect(opened).toHaveLength(before + 1);
    }
    last().sink.next({ revision: '1' });
    last().sink.failed();
    vi.advanceTimersByTime(500);
    expect(last().since).toBe('1');
  });

  it('takes a silent stream for dead, closes it and opens another', () => {
    last().sink.next({ revision: '1' });
    vi.advanceTimersByTime(11_999);
    expect(opened).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(opened[0]!.closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(last().since).toBe('1');
  });

  it('does not listen to a stream that it gave up', () => {
    const old = last().sink;
    old.failed();
    vi.advanceTimersByTime(500);
    old.next({ revision: '99' });
    old.failed();
    expect(seen).toEqual([]);
    expect(states.at(-1)).toBe('connecting');
  });

  it('tries at once when told to, but only while it waits', () => {
    stream.retryNow();
    expect(opened).toHaveLength(1);
    last().sink.failed();
    stream.retryNow();
    expect(opened).toHaveLength(2);
  });

  it('ends when what it follows is not there', () => {
    last().sink.failed('NOT_FOUND');
    vi.advanceTimersByTime(60_000);
    expect(opened).toHaveLength(1);
  });

  it('stops for good', () => {
    stream.stop();
    expect(opened[0]!.closed).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(opened).toHaveLength(1);
  });
});
