import { join } from 'node:path';
import {
  AuditServiceService,
  CreateUserRequest,
  CredentialsServiceService,
  RelationshipsServiceService,
  UsersServiceService,
  type User,
} from '@tidemark/contracts/users';
import { rpcClient, RpcError, type RpcClient } from '@tidemark/grpc-kit';
import { withConnection } from '@tidemark/grpc-kit/postgres';
import { silentLog, testDatabase, type TestDatabase } from '@tidemark/testing';
import { Client } from 'pg';
import type { Config } from '../src/config.ts';
import { migrate } from '../src/db/migrate.ts';
import { create, type Overrides } from '../src/service.ts';
import { keepRows, readKeptRows } from './planted/kept-rows.ts';

/** The service on a database of its own, with clients of all it serves. */
export interface RunningUsers {
  users: RpcClient<typeof UsersServiceService>;
  credentials: RpcClient<typeof CredentialsServiceService>;
  relationships: RpcClient<typeof RelationshipsServiceService>;
  audit: RpcClient<typeof AuditServiceService>;
  /** An administrator's connection. */
  sql: Client;
  databaseUrl: string;
  port: number;
  /** Creates a user with a username and an email that nobody has; what is given comes on top. */
  make(user?: Parameters<typeof CreateUserRequest.fromPartial>[0]['user'], password?: string): Promise<User>;
  /** Ends the service, and leaves its database. */
  stopServing(): Promise<void>;
  stop(): Promise<void>;
}

/** No limit that a test meets by chance. */
export const limits = {
  attemptsPerAccount: 100_000,
  attemptsPerAddress: 100_000,
  mailsPerAccount: 100_000,
  mailsPerAddress: 100_000,
};

/** Cheap hashes: what is tested is not their strength. */
export const argon2 = { memoryKib: 64, passes: 1, lanes: 1 };

// Of all instances, since some share a database.
let made = 0;

/** @param shared a database that others run on, which is not stopped with it */
export async function runUsers(
  overrides: Overrides = {},
  config: Partial<Config> = {},
  shared?: TestDatabase,
): Promise<RunningUsers> {
  const database = shared ?? (await freshDatabase());
  const service = await create({ ...configFor(database.url), ...config }, { log: silentLog('users'), ...overrides });
  const users = rpcClient(UsersServiceService, `127.0.0.1:${service.port}`);
  const credentials = rpcClient(CredentialsServiceService, `127.0.0.1:${service.port}`);
  const relationships = rpcClient(RelationshipsServiceService, `127.0.0.1:${service.port}`);
  const audit = rpcClient(AuditServiceService, `127.0.0.1:${service.port}`);
  const sql = new Client(database.url);
  await sql.connect();
  return {
    users,
    credentials,
    relationships,
    audit,
    sql,
    databaseUrl: database.url,
    port: service.port,
    async make(user, password = '') {
      const name = `somebody${(made += 1)}`;
      const request = { user: { username: name, email: `${name}@example.com`, ...user }, password };
      return userOf(await users.createUser(CreateUserRequest.fromPartial(request)));
    },
    stopServing: () => service.stop(),
    async stop() {
      users.close();
      credentials.close();
      relationships.close();
      audit.close();
      await service.stop();
      await sql.end();
      if (!shared) await database.stop();
    },
  };
}

export const noLinks = { PASSWORD_RESET: undefined, EMAIL_VERIFICATION: undefined };

const schemaDirs = [join(import.meta.dirname, '../src/db/migrations')];

/** A migrated database, of which the rows that tell of users are kept when it stops. */
export async function freshDatabase(): Promise<TestDatabase> {
  const database = await testDatabase({
    schemaDirs,
    variant: keepRows,
    async migrate(url) {
      await migrate(url);
      await withConnection({ connectionString: url }, (client) => client.query(keepRows));
    },
  });
  return {
    url: database.url,
    async stop() {
      await readKeptRows(database.url);
      await database.stop();
    },
  };
}

/** A database with what the migrations make alone. */
export function migratedDatabase(): Promise<TestDatabase> {
  return testDatabase({ schemaDirs, migrate: (url) => migrate(url).then(() => undefined) });
}

export function configFor(url: string): Config {
  return {
    host: '127.0.0.1',
    port: 0,
    database: { url, poolSize: 10 },
    argon2,
    eventsAddress: undefined,
    outboxAttempts: 10,
    purgeAfter: '30 days',
    changesRetention: '7 days',
    housekeepingIntervalMs: 3_600_000,
    hashing: { atOnce: 2, maxWaiting: 200 },
    limits,
    mail: { transport: { to: 'log' }, from: 'tidemark@localhost', links: noLinks },
    logLevel: 'silent',
    shutdownGraceMs: 2_000,
  };
}

export function userOf({ user }: { user: User | undefined }): User {
  if (!user) throw new Error('the response has no user');
  return user;
}

/** The error that a call must end with. */
export async function errorOf(call: Promise<unknown>): Promise<RpcError> {
  const outcome = await call.then(
    (response) => response,
    (error: unknown) => error,
  );
  if (!(outcome instanceof RpcError)) throw new Error('the call must fail with a status', { cause: outcome });
  return outcome;
}

export async function fieldsOf(call: Promise<unknown>): Promise<string[]> {
  return (await errorOf(call)).fields.map(({ field }) => field);
}

/** Why each of the calls that failed did. */
export function refusalsOf(outcomes: readonly PromiseSettledResult<unknown>[]): string[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? (outcome.reason as RpcError).reason : []));
}
