/** How many rows come, go or stand elsewhere between two orders. */
export function differences(before: readonly { id: string }[], after: readonly { id: string }[]): number {
  const places = new Map(before.map((item, index) => [item.id, index]));
  let count = 0;
  let kept = 0;
  after.forEach((item, index) => {
    const place = places.get(item.id);
    if (place !== undefined) kept++;
    if (place !== index) count++;
  });
  return count + before.length - kept;
}

/** Keeps the order things were shown in, so that nothing moves under the cursor; new ones come last. */
export function keepOrder<Item extends { id: string }>(
  shown: readonly { id: string }[],
  items: readonly Item[],
): Item[] {
  const left = new Map(items.map((item) => [item.id, item]));
  const kept: Item[] = [];
  for (const { id } of shown) {
    const item = left.get(id);
    if (!item) continue;
    kept.push(item);
    left.delete(id);
  }
  return [...kept, ...left.values()];
}
