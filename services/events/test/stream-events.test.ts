import { once } from 'node:events';
import { status, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  EventsServiceService,
  StreamEventsRequest,
  type Event,
  type StreamEventsResponse,
} from '@tidemark/contracts/events';
import { rpcClient, RpcError } from '@tidemark/grpc-kit';
import pg from 'pg';
import { event, startEvents, type Harness } from './harness.ts';

const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
let harness: Harness;

beforeEach(async () => {
  harness = await startEvents({ clock });
});
afterEach(() => harness.stop());

type Stream = ClientDuplexStream<StreamEventsRequest, StreamEventsResponse>;

/** A stream, what it has answered, and how it ended. */
function open(events: Pick<Harness['events'], 'streamEvents'> = harness.events): {
  stream: Stream;
  replies: StreamEventsResponse[];
  ended: Promise<RpcError | 'OK'>;
} {
  const stream = events.streamEvents();
  const replies: StreamEventsResponse[] = [];
  stream.on('data', (reply: StreamEventsResponse) => replies.push(reply));
  const ended = new Promise<RpcError | 'OK'>((resolve) => {
    stream.on('error', (error) => resolve(new RpcError(error as never)));
    stream.on('end', () => resolve('OK'));
  });
  return { stream, replies, ended };
}

function request(sequence: number, ...events: Event[]): StreamEventsRequest {
  return StreamEventsRequest.fromPartial({ sequence: BigInt(sequence), events });
}

const some = (count: number): Event[] => Array.from({ length: count }, () => event({ at: '2026-11-10T10:00:00Z' }));

async function storedCount(): Promise<number> {
  const client = new pg.Client({ connectionString: harness.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM events.events');
  await client.end();
  return Number(rows[0]?.count);
}

test('each request is answered in the order sent, and what is answered is there', async () => {
  const { stream, replies, ended } = open();
  const repeated = some(10);
  for (let sequence = 1; sequence <= 20; sequence++) stream.write(request(sequence, ...some(100)));
  stream.write(request(21, ...repeated, event({ id: 'nonsense' })));
  stream.write(request(22, ...repeated));
  stream.end();
  expect(await ended).toBe('OK');
  expect(replies.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
  expect(replies[20]).toMatchObject({ stored: 10, duplicates: 0, rejections: [{ index: 10 }] });
  expect(replies[21]).toMatchObject({ stored: 0, duplicates: 10, rejections: [] });
  expect(await storedCount()).toBe(2_010);
});

test('a reply comes without waiting for more requests', async () => {
  const { stream, replies } = open();
  stream.write(request(7, ...some(1)));
  await once(stream, 'data');
  expect(replies).toMatchObject([{ sequence: 7n, stored: 1 }]);
  stream.cancel();
});

test('a request that holds no events ends the stream after the replies before it', async () => {
  const { stream, replies, ended } = open();
  stream.write(request(1, ...some(3)));
  stream.write(request(2));
  stream.write(request(3, ...some(3)));
  expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, fields: [{ field: 'events' }] });
  expect(replies.map(({ sequence }) => sequence)).toEqual([1n]);
  expect(await storedCount()).toBe(3);
});

test('a request that cannot be decoded ends the stream after the replies before it', async () => {
  const encode = StreamEventsRequest.encode.bind(StreamEventsRequest);
  const client = rpcClient(
    {
      streamEvents: {
        ...EventsServiceService.streamEvents,
        requestSerialize: (sent: StreamEventsRequest): Buffer =>
          Buffer.from(sent.events.length > 0 ? encode(sent).finish() : [0x0a]),
      },
    },
    `127.0.0.1:${harness.port}`,
  );
  const { stream, replies, ended } = open(client);
  for (const sequence of [1, 2, 3]) stream.write(request(sequence, ...some(500)));
  stream.write(request(4));
  stream.write(request(5, ...some(1)));
  expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'REQUEST_MALFORMED' });
  client.close();
  expect(replies.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n]);
  expect(await storedCount()).toBe(1_500);
});

test('a service that shuts down finishes what it has read and answers UNAVAILABLE to the rest', async () => {
  const { stream, replies, ended } = open();
  let sent = 0;
  const sending = setInterval(() => stream.write(request(++sent, ...some(500))), 1);
  await once(stream, 'data');
  const stopping = harness.stopService();
  const end = await ended;
  clearInterval(sending);
  await stopping;
  expect(end).toMatchObject({ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
  expect(replies.every(({ stored }) => stored === 500)).toBe(true);
  expect(await storedCount()).toBe(replies.length * 500);
});

test('a client that goes away in the middle leaves whole batches and no work', async () => {
  const { stream } = open();
  stream.on('error', () => undefined);
  for (let sequence = 1; sequence <= 50; sequence++) stream.write(request(sequence, ...some(200)));
  await once(stream, 'data');
  stream.cancel();
  await harness.stopService();
  const stored = await storedCount();
  expect(stored % 200).toBe(0);
  expect(stored).toBeLessThan(10_000);
});
