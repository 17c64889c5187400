import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { EventsServiceService, TailEventsRequest, type TailEventsResponse } from '@tidemark/contracts/events';
import { rpcClient, RpcError } from '../src/index.ts';
import { startToy, TooToyish, type Behaviour, type Toy } from './toy-server.ts';
import { until } from './until.ts';

let toy: Toy | undefined;

async function start(tailEvents: Behaviour['tailEvents']): Promise<Toy> {
  toy = await startToy({ tailEvents });
  return toy;
}

afterEach(async () => {
  await toy?.stop();
  toy = undefined;
});

const request = TailEventsRequest.fromPartial({});
const message = (cursor: unknown): TailEventsResponse => ({ cursor: String(cursor), event: undefined });

/** What a stream brings, and what ends it: undefined where it ends well. */
async function readAll(stream: AsyncIterable<TailEventsResponse>): Promise<{ cursors: string[]; error: unknown }> {
  const cursors: string[] = [];
  try {
    for await (const { cursor } of stream) cursors.push(cursor);
    return { cursors, error: undefined };
  } catch (error) {
    return { cursors, error };
  }
}

/** A handler that sends one message and then waits until its signal is aborted; it says when it has sent and ended. */
function waiting(): { tailEvents: Behaviour['tailEvents']; sent: Promise<void>; ended: Promise<void> } {
  const [sent, ended] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  return {
    sent: sent.promise,
    ended: ended.promise,
    async *tailEvents(_, { signal }) {
      try {
        yield message('first');
        sent.resolve(undefined);
        await sleep(60_000, undefined, { signal });
      } finally {
        ended.resolve(undefined);
      }
    },
  };
}

test('a stream comes whole, in order, and ends', async () => {
  const { client } = await start(async function* () {
    await Promise.resolve();
    for (let number = 0; number < 5_000; number++) yield message(number);
  });
  const { cursors, error } = await readAll(client.tailEvents(request));
  expect(error).toBeUndefined();
  expect(cursors).toEqual(Array.from({ length: 5_000 }, (_, number) => String(number)));
});

test('a handler that fails in the middle: the client has what came before, and why', async () => {
  const { client } = await start(async function* () {
    await Promise.resolve();
    for (let number = 0; number < 100; number++) yield message(number);
    throw new TooToyish('enough');
  });
  const { cursors, error } = await readAll(client.tailEvents(request));
  expect(cursors).toHaveLength(100);
  expect(error).toBeInstanceOf(RpcError);
  expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'TOO_TOYISH' });
});

test('a handler that fails before its first message says why, and nothing internal', async () => {
  const { client } = await start(() => {
    throw new Error('internal detail: password=hunter2');
  });
  const { error } = await readAll(client.tailEvents(request));
  expect(error).toMatchObject({ code: status.INTERNAL, message: 'Something went wrong inside the service.' });
});

test('a request that cannot be decoded is refused before the handler sees it', async () => {
  const { address } = await start(waiting().tailEvents);
  const definition = {
    tailEvents: { ...EventsServiceService.tailEvents, requestSerialize: (): Buffer => Buffer.from([0x0a]) },
  };
  const client = rpcClient(definition, address);
  const { error } = await readAll(client.tailEvents(request));
  client.close();
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'REQUEST_MALFORMED' });
});

test('a client that does not read holds the handler back, and one that is killed ends it', async () => {
  let produced = 0;
  let ended = false;
  const { address } = await start(async function* () {
    try {
      for (;;) {
        await Promise.resolve();
        produced += 1;
        yield message('x'.repeat(10_000));
      }
    } finally {
      ended = true;
    }
  });
  const reader = fork(fileURLToPath(new URL('toy-reader.ts', import.meta.url)), [address], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await once(reader, 'message');
  reader.kill('SIGSTOP');
  await until('production stands still', async () => {
    const before = produced;
    await sleep(500);
    return produced === before;
  });
  reader.kill('SIGKILL');
  await until('the handler has ended', () => ended);
});

test('a client that leaves the iteration ends the handler', async () => {
  const { tailEvents, ended } = waiting();
  const { client } = await start(tailEvents);
  for await (const { cursor } of client.tailEvents(request)) {
    expect(cursor).toBe('first');
    break;
  }
  await ended;
});

test('a client that cancels ends the handler, and is told', async () => {
  const { tailEvents, sent, ended } = waiting();
  const { client } = await start(tailEvents);
  const controller = new AbortController();
  void sent.then(() => controller.abort());
  const { error } = await readAll(client.tailEvents(request, { signal: controller.signal }));
  expect(error).toMatchObject({ code: status.CANCELLED });
  await ended;
});

test('a deadline ends the handler, and the client is told', async () => {
  const { tailEvents, ended } = waiting();
  const { client } = await start(tailEvents);
  // The connection is made with the first call, and that takes its time.
  await client.getEvent({ id: '' });
  const { cursors, error } = await readAll(client.tailEvents(request, { timeoutMs: 2_000 }));
  expect(cursors).toEqual(['first']);
  expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  await ended;
});

test('a server that stops does not wait for a stream: it ends with UNAVAILABLE, after what was sent', async () => {
  const { tailEvents, sent, ended } = waiting();
  const { client, server } = await start(tailEvents);
  const read = readAll(client.tailEvents(request));
  await sent;
  const began = performance.now();
  await server.stop(30_000);
  expect(performance.now() - began).toBeLessThan(20_000);
  await ended;
  const { cursors, error } = await read;
  expect(cursors).toEqual(['first']);
  expect(error).toMatchObject({ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
});
