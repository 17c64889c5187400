import type { Client, ClientConfig } from 'pg';
import type { Logger } from '../logger.ts';
import { takeMigrationLock } from './migration-lock.ts';
import type { MigrationStep } from './migration-step.ts';
import type { Regime } from './regime.ts';
import { takeStep } from './take-step.ts';
import { withConnection } from './with-connection.ts';

export interface MigrationOptions {
  readonly connection: ClientConfig;
  /** A number that no other user of the database's advisory locks has. */
  readonly lock: number;
  readonly regime: Regime;
  readonly log: Logger;
}

export interface MigrationSession {
  readonly client: Client;
  /** Takes a step in a transaction of its own; answers false where another migration has taken it. */
  readonly take: (step: MigrationStep) => Promise<boolean>;
}

/**
 * Runs migrations while no other migration of the same lock runs. All of them happen in the session that holds the lock,
 * so that a session that is lost can do no more.
 */
export function migrateAlone<Result>(
  { connection, lock, regime, log }: MigrationOptions,
  migrate: (session: MigrationSession) => Promise<Result>,
): Promise<Result> {
  return withConnection(connection, async (client) => {
    await takeMigrationLock(client, lock, regime, log);
    return migrate({ client, take: (step) => takeStep({ client, connection, regime, log }, step) });
  });
}

/**
 * For a look that cannot change anything.
 * @param look is also told how to connect in the same way
 */
export function readOnlySession<Result>(
  connection: ClientConfig,
  look: (client: Client, connection: ClientConfig) => Promise<Result>,
): Promise<Result> {
  const readOnly = { ...connection, options: '-c default_transaction_read_only=on' };
  return withConnection(readOnly, (client) => look(client, readOnly));
}
