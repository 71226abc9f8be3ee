/**
 * Does the work with each of the items, begun in their order, so many of them at once.
 * @param work takes an item and its index
 * @returns what it resolves to, in the order of the items
 * @throws what the work throws first; nothing more is begun then
 */
export async function concurrently(atOnce, items, work) {
  const results = new Array(items.length);
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index], index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
