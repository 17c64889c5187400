import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  Event,
  EventsServiceService,
  type StreamEventsRequest,
  type StreamEventsResponse,
} from '@tidemark/contracts/events';
import { freePort } from '@tidemark/testing';
import type { Batch } from '../src/import/read-batches.ts';
import { BatchStream } from '../src/import/stream-batches.ts';

type Call = ServerDuplexStream<StreamEventsRequest, StreamEventsResponse>;

const ends: Array<() => void> = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A real server whose answers the test decides. */
async function serve(streamEvents?: (call: Call) => void): Promise<string> {
  const port = await freePort();
  await serveOn(port, streamEvents);
  return `127.0.0.1:${port}`;
}

async function serveOn(port: number, streamEvents?: (call: Call) => void): Promise<Server> {
  const server = new Server();
  if (streamEvents) server.addService({ streamEvents: EventsServiceService.streamEvents }, { streamEvents });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  ends.push(() => server.forceShutdown());
  return server;
}

async function open(address: string, options: { patienceMs?: number; reachWithinMs?: number } = {}) {
  const seen = { answers: [] as bigint[], lost: [] as string[], resent: 0 };
  const interrupt = new AbortController();
  const stream = await BatchStream.open({
    address,
    signal: interrupt.signal,
    observer: {
      onAnswer: (_, { sequence }) => seen.answers.push(sequence),
      onLost: (reason) => seen.lost.push(reason),
      onResend: (events) => (seen.resent += events),
    },
    ...options,
  });
  ends.push(() => stream.close());
  return { stream, seen, interrupt };
}

function batch(): Batch {
  return { file: 'a.log', events: [Event.fromPartial({ page: '/' })], lineNumbers: [1] };
}

function answerTo({ sequence }: StreamEventsRequest): StreamEventsResponse {
  return { sequence, stored: 1, duplicates: 0, rejections: [] };
}

function answerAll(call: Call): void {
  call.on('data', (request: StreamEventsRequest) => call.write(answerTo(request)));
  call.on('end', () => call.end());
}

function fault(code: status): object {
  return Object.assign(new Error(), { code, details: 'the reason' });
}

test('keeps at most four batches without an answer', async () => {
  const requests: StreamEventsRequest[] = [];
  let call: Call | undefined;
  const { stream, seen } = await open(
    await serve((opened) => {
      call = opened;
      opened.on('data', (request: StreamEventsRequest) => requests.push(request));
    }),
  );
  for (let index = 0; index < 4; index += 1) await stream.send(batch());
  let isSent = false;
  const fifth = stream.send(batch()).then(() => (isSent = true));
  await waitFor(() => requests.length === 4);
  expect(isSent).toBe(false);
  expect(stream.unansweredEvents).toBe(4);
  for (const request of requests) call?.write(answerTo(request));
  await fifth;
  await waitFor(() => requests.length === 5);
  call?.write(answerTo(requests[4] as StreamEventsRequest));
  await stream.finish();
  expect(seen).toEqual({ answers: [1n, 2n, 3n, 4n, 5n], lost: [], resent: 0 });
});

test.each([['UNAVAILABLE'], ['INTERNAL'], ['CANCELLED'], ['OK']] as const)(
  'sends again what had no answer when the stream ends with %s',
  async (code) => {
    let calls = 0;
    const { stream, seen } = await open(
      await serve((call) => {
        calls += 1;
        if (calls > 2) {
          answerAll(call);
          return;
        }
        let requests = 0;
        call.on('data', (request: StreamEventsRequest) => {
          requests += 1;
          if (requests === 1 && calls === 1) call.write(answerTo(request));
          else if (code === 'OK') call.end();
          else call.emit('error', fault(status[code]));
        });
        call.on('error', () => undefined);
      }),
    );
    for (let index = 0; index < 8; index += 1) await stream.send(batch());
    await stream.finish();
    expect(seen.answers).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
    // One outage, though two streams broke.
    expect(seen.lost).toHaveLength(1);
    expect(seen.resent).toBeGreaterThanOrEqual(2);
  },
);

test('says that the service is away also where nothing was under way as it went', async () => {
  const port = await freePort();
  const first = await serveOn(port, answerAll);
  const { stream, seen } = await open(`127.0.0.1:${port}`);
  await stream.send(batch());
  await waitFor(() => seen.answers.length === 1);
  first.forceShutdown();
  // Until the client has seen it.
  await sleep(1_000);
  await stream.send(batch());
  await waitFor(() => seen.lost.length > 0);
  await serveOn(port, answerAll);
  await stream.finish();
  expect(seen).toEqual({
    answers: [1n, 2n],
    lost: [expect.stringMatching(/./) as string],
    resent: expect.any(Number) as number,
  });
});

test.each(['INVALID_ARGUMENT', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED'] as const)(
  'fails at once on %s',
  async (code) => {
    const { stream } = await open(
      await serve((call) => {
        call.on('error', () => undefined);
        call.on('data', () => call.emit('error', fault(status[code])));
      }),
    );
    await stream.send(batch());
    await expect(stream.finish()).rejects.toThrow('the events service refused: the reason');
  },
);

test('fails at once where another service listens', async () => {
  const { stream } = await open(await serve());
  await stream.send(batch());
  await expect(stream.finish()).rejects.toThrow('the events service refused:');
});

test('fails where answers are not in the order sent', async () => {
  const { stream } = await open(
    await serve((call) => call.on('data', () => call.write(answerTo({ sequence: 7n, events: [], sentAt: undefined })))),
  );
  await stream.send(batch());
  await expect(stream.finish()).rejects.toThrow('answered out of order');
});

test('gives up on a service that answers nothing', async () => {
  const { stream } = await open(await serve((call) => call.on('data', () => undefined)), { patienceMs: 300 });
  await stream.send(batch());
  await expect(stream.finish()).rejects.toThrow('answered nothing for');
});

test('gives up on a service that does not come back', async () => {
  const { stream, seen } = await open(
    await serve((call) => {
      call.on('error', () => undefined);
      call.on('data', () => call.emit('error', fault(status.UNAVAILABLE)));
    }),
    { patienceMs: 3_000 },
  );
  await stream.send(batch());
  await expect(stream.finish()).rejects.toThrow('(last: the reason)');
  expect(seen.lost).toEqual(['the reason']);
});

test('says that nothing listens', async () => {
  await expect(open('127.0.0.1:1', { reachWithinMs: 300 })).rejects.toThrow(
    'cannot reach the events service at 127.0.0.1:1: is it running (npm start)?',
  );
});

test('says the same of a port that accepts and stays silent', async () => {
  let socket: Socket | undefined;
  const silent = createServer((accepted) => (socket = accepted)).listen(0, '127.0.0.1');
  await waitFor(() => silent.listening);
  const { port } = silent.address() as AddressInfo;
  await expect(open(`127.0.0.1:${port}`, { reachWithinMs: 300 })).rejects.toThrow('cannot reach the events service');
  socket?.destroy();
  silent.close();
});

test('stops waiting when it is interrupted', async () => {
  const { stream, interrupt } = await open(await serve(() => undefined));
  await stream.send(batch());
  const finished = stream.finish();
  interrupt.abort(new Error('enough'));
  await expect(finished).rejects.toThrow('enough');
});

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
