/** Stands before an event's number, and nowhere else in a message: this is how events are counted. */
export const MARK = '#';

/** The 8 fields of an event as they are asked for. */
export const FIELDS = 'id name status statusReason host zone version statusSince';

/** What changes at a node with the event of that number; padded so that the whole message has about 300 bytes. */
export const changeOf = (number, name) => ({
  name,
  status: number % 2 ? 'RUNNING' : 'STARTING',
  statusReason: `${MARK}${number} ready`,
  host: 'host-17',
  zone: 'a',
  version: '2.4.1',
});

/** An event as its 8 fields. */
export const eventOf = (number) => ({
  id: '0b0f6f9e-3c4d-4d7e-9a55-2f6f6f0f8f11',
  statusSince: '2026-01-31T12:00:00.000Z',
  ...changeOf(number, 'node-07'),
});

/** An event as the message that a subscriber of ours gets. */
export const messageOf = (number) =>
  JSON.stringify({
    id: '7d0f8a3e-5b0c-4f55-8d8c-52d1a1f0a9b3',
    type: 'next',
    payload: { data: { topologyChanged: { revision: '1234567', nodes: [eventOf(number)] } } },
  });
