import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { UsersServiceService } from '@tidemark/contracts/users';
import { rpcClient, type RpcError } from '@tidemark/grpc-kit';
import { ownServer, silentLog } from '@tidemark/testing';
import { Client } from 'pg';
import { Database } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { create } from '../src/service.ts';
import { configFor, errorOf } from './running-users.ts';
import { silentServer, type SilentServer } from './silent-server.ts';

// Kysely and MikroORM tell the console what became of statements and connections.
beforeEach(() => {
  for (const method of ['log', 'error'] as const) import.meta.jest.spyOn(console, method).mockReturnValue(undefined);
});
afterEach(() => import.meta.jest.restoreAllMocks());

test('a database that dies under calls fails these calls, and the service lives on', async () => {
  const database = await ownServer();
  await migrate(database.url);
  const service = await create(configFor(database.url), { log: silentLog('users') });
  const users = rpcClient(UsersServiceService, `127.0.0.1:${service.port}`);
  const get = (timeoutMs: number): Promise<RpcError> => errorOf(users.getUser({ id: randomUUID() }, { timeoutMs }));
  const unavailable = { code: status.UNAVAILABLE, reason: 'DATABASE_UNAVAILABLE' };
  const busy = new Client(database.url);
  busy.on('error', () => undefined);
  await busy.connect();

  await busy.query('begin; lock table users.users');
  const late = Array.from({ length: 5 }, () => get(200));
  const waiting = Array.from({ length: 5 }, () => get(20_000));
  for (const error of await Promise.all(late)) expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  await database.kill();
  for (const error of await Promise.all(waiting)) expect(error).toMatchObject(unavailable);
  expect(await get(20_000)).toMatchObject(unavailable);

  users.close();
  await service.stop();
  await database.stop();
});

describe('a database that does not answer', () => {
  let server: SilentServer;
  let database: Database;
  beforeEach(async () => {
    server = await silentServer();
    database = new Database({ url: server.url, poolSize: 2 });
    const caller = new AbortController();
    const call = database.session(caller.signal).execute('select 1');
    await server.asked(/select 1/);
    caller.abort();
    await expect(call).rejects.toThrow();
    await server.asked(/pg_cancel_backend/);
  });

  test('may die while a statement is being cancelled', async () => {
    await server.die();
    await expect(database.check()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await database.close();
  });

  test('does not keep the service from stopping', async () => {
    const began = performance.now();
    await database.close();
    expect(performance.now() - began).toBeLessThan(30_000);
    await server.die();
    // What was given up ends now, and Kysely says so.
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
});
