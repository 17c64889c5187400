import { status } from '@grpc/grpc-js';
import { HypertablesServiceService } from '@tidemark/contracts/events';
import { on, rpcService, startServer, type RpcServer } from '@tidemark/grpc-kit';
import { freePort, silentLog } from '@tidemark/testing';
import { DeliveryFailed, DeliveryRejected, ReceiverAway, type OutboxMessage } from '../src/domain/outbox.ts';
import { deliverErasures } from '../src/events/deliver-erasures.ts';
import { erasuresClient, type ErasuresClient } from '../src/events/events-client.ts';

class Refused extends Error {}
class Broken extends Error {}

let server: RpcServer;
let client: ErasuresClient;
const replaced: unknown[] = [];

beforeAll(async () => {
  // What of the events service an erasure needs.
  const { replaceUser } = HypertablesServiceService;
  const service = rpcService(
    { replaceUser },
    {
      replaceUser: (request) => {
        if (request.userId === 'refused') return Promise.reject(new Refused());
        if (request.userId === 'broken') return Promise.reject(new Broken());
        replaced.push(request);
        return Promise.resolve({ events: 1n, transactions: 0n });
      },
    },
  );
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    services: [service],
    faults: [
      on(Refused, { code: status.INVALID_ARGUMENT, reason: 'FIELD_INVALID' }),
      on(Broken, { code: status.FAILED_PRECONDITION, reason: 'BROKEN' }),
    ],
    log: silentLog('events'),
    check: () => Promise.resolve(),
    maxRequestBytes: 4_096,
  });
  client = erasuresClient(`127.0.0.1:${server.port}`);
});
afterAll(async () => {
  client.close();
  await server.stop(0);
});

const message = (userId: string): OutboxMessage => ({
  id: 1n,
  kind: 'ERASE_USER',
  lane: userId,
  payload: { userId, replacement: `instead of ${userId}` },
  attempts: 0,
  createTime: 0,
});
const deliver = (...messages: OutboxMessage[]) => deliverErasures(client)(messages, AbortSignal.any([]));

test('each message is one call, and one that fails holds the others up as little as it says', async () => {
  const [first, refused, broken, last] = [message('a'), message('refused'), message('broken'), message('b')];
  const failures = await deliver(first, refused, broken, last);
  expect(replaced).toEqual([
    { userId: 'a', replacement: 'instead of a' },
    { userId: 'b', replacement: 'instead of b' },
  ]);
  expect([...failures.keys()]).toEqual([refused, broken]);
  expect(failures.get(refused)).toBeInstanceOf(DeliveryRejected);
  expect(failures.get(broken)).toBeInstanceOf(DeliveryFailed);
  expect(failures.get(broken)).not.toBeInstanceOf(DeliveryRejected);
  expect(failures.get(broken)?.message).toBe('the events service answered FAILED_PRECONDITION BROKEN');
});

test('an events service that is away says nothing of the message', async () => {
  const nobody = erasuresClient(`127.0.0.1:${await freePort()}`);
  const away = message('c');
  const failures = await deliverErasures(nobody)([away], AbortSignal.any([]));
  expect(failures.get(away)).toBeInstanceOf(ReceiverAway);
  nobody.close();
});

test('a relay that stops cuts the call off', async () => {
  const cut = message('d');
  const failures = await deliverErasures(client)([cut], AbortSignal.abort());
  expect(failures.get(cut)).toBeInstanceOf(ReceiverAway);
});
