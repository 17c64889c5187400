import { setTimeout } from 'node:timers/promises';
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { beginSession, serverVersion } from '@tidemark/grpc-kit/postgres';
import { AccountEntity, IdempotencyKeyEntity } from './account-entity.ts';
import { AuditEntryEntity } from './audit-entry-entity.ts';
import { BlockEntity } from './block-entity.ts';
import { BudgetEntity } from './budget-entity.ts';
import { CredentialEntity } from './credential-entity.ts';
import { FollowEntity } from './follow-entity.ts';
import { GuardedClient } from './guarded-client.ts';
import { KnownAddressEntity } from './known-address-entity.ts';
import { DeadLetterEntity, OutboxEntity } from './outbox-entity.ts';
import { SettingEntity } from './setting-entity.ts';
import { TokenEntity } from './token-entity.ts';
import { PrunedChangesEntity, UserChangeEntity } from './user-change-entity.ts';
import { UserEntity } from './user-entity.ts';

export const entities = [
  UserEntity,
  CredentialEntity,
  SettingEntity,
  AuditEntryEntity,
  UserChangeEntity,
  PrunedChangesEntity,
  FollowEntity,
  BlockEntity,
  AccountEntity,
  IdempotencyKeyEntity,
  OutboxEntity,
  DeadLetterEntity,
  BudgetEntity,
  KnownAddressEntity,
  TokenEntity,
];
export const serviceRole = 'tidemark_users';

/** Longer than this, a call does not wait for a connection. */
const connectTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;

/** The service's connections to PostgreSQL. */
export class Database {
  readonly #orm: MikroORM;

  constructor(options: { url: string; poolSize: number }) {
    this.#orm = new MikroORM({
      clientUrl: options.url,
      entities,
      // Else the first connection asks whether the database exists, and makes it if not.
      ensureDatabase: false,
      pool: { min: 0, max: options.poolSize },
      driverOptions: {
        Client: GuardedClient,
        connectionString: options.url,
        keepAlive: true,
        connectionTimeoutMillis: connectTimeoutMs,
        // As a statement and not as a startup option: the extra connection that cancels a statement takes over the
        // options, and PostgreSQL lets only the user who logged in cancel.
        onConnect: (client: GuardedClient) => client.query(beginSession(serviceRole)),
      },
    });
  }

  /** What one call works with. When its signal aborts, the statement that runs is cancelled. */
  session(signal?: AbortSignal): EntityManager {
    return this.#orm.em.fork(signal && { signal, inflightQueryAbortStrategy: 'cancel query' });
  }

  /**
   * The same for short statements that come one after another, as in a stream, whose end is no exception: the one that runs
   * is left to end by itself.
   */
  streamSession(signal: AbortSignal): EntityManager {
    return this.#orm.em.fork({ signal, inflightQueryAbortStrategy: 'ignore query' });
  }

  /** Fails while the database cannot be asked. */
  async check(): Promise<void> {
    await this.session().execute('select 1');
  }

  /** PostgreSQL's version, such as "17.12". */
  async version(): Promise<string> {
    const [row] = await this.session().execute<{ setting: string }[]>(
      `select current_setting('server_version') as setting`,
    );
    return serverVersion(row?.setting ?? '');
  }

  /** Waits a little for connections in use: a database that is frozen would keep them for ever. */
  async close(): Promise<void> {
    await Promise.race([this.#orm.close(), setTimeout(closeTimeoutMs, undefined, { ref: false })]);
  }
}
