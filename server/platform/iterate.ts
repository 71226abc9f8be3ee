/**
 * An async generator that ends at once when its consumer does. `return()` of a generator waits for the step that is
 * under way, which may take for ever; this one tells the generator by a signal that nobody listens any more.
 */
export function endingWithConsumer<T>(generate: (signal: AbortSignal) => AsyncGenerator<T, void, void>) {
  const consumer = new AbortController();
  const inner = generate(consumer.signal);
  return {
    next: () => inner.next(),
    return: () => {
      consumer.abort();
      return inner.return();
    },
    throw: (error: unknown) => {
      consumer.abort();
      return inner.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  } satisfies AsyncIterableIterator<T>;
}
