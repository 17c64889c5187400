import type { Logger } from '@tidemark/grpc-kit';
import { psqlScript, readOnlySession, standardRegime, type MigrationStep } from '@tidemark/grpc-kit/postgres';
import type pg from 'pg';
import { extensionSteps } from './extension-steps.ts';
import { changesOfNewHypertable, hypertableChanges, type Change } from './hypertable-changes.ts';
import type { ManagedSettings } from './hypertable-settings.ts';
import { goneEvents } from './longer-retention.ts';
import {
  deploymentSteps,
  managedOn,
  migrationConnection,
  migrationLock,
  migrationSteps,
  type MigrationSettings,
} from './migration-steps.ts';
import { migrations } from './migrations/index.ts';
import { retentionChanges } from './retention-changes.ts';
import { rollupOwnerChanges } from './rollup-owner-changes.ts';
import { editionOf, refuseWithoutLibrary, type Edition } from './timescale-server.ts';

/** The SQL that `migrate` would execute; nothing is changed. */
export async function dryRun(databaseUrl: string, settings: MigrationSettings, log: Logger): Promise<string> {
  const looking = readOnlySession(migrationConnection(databaseUrl), async (client) => {
    const extension = await extensionSteps(client);
    const pending = await migrationSteps(client);
    const edition = (await editionOf(client)) ?? assumedEdition(log);
    const gone = await goneEvents(client, settings);
    const managed = managedOn(edition, settings, gone.limits);
    const changes = [
      ...(await rollupOwnerChanges(client)),
      ...gone.changes,
      ...(await changesAfter(pending, migrationConnection(databaseUrl), managed)),
      ...(await retentionChanges(client, edition, settings)),
    ];
    return [...extension, ...pending, ...deploymentSteps(changes, settings)];
  });
  return psqlScript(await looking.catch(refuseWithoutLibrary), migrationLock, settings.regime ?? standardRegime);
}

function assumedEdition(log: Logger): Edition {
  log.warn('which edition of TimescaleDB this is will be known once the extension is created: taken for community');
  return 'community';
}

/** What the settings take once the pending migrations are applied. */
async function changesAfter(
  pending: readonly MigrationStep[],
  connection: pg.ClientConfig,
  managed: ManagedSettings,
): Promise<Change[]> {
  if (pending.some(({ name }) => name === migrations[0]?.name)) return changesOfNewHypertable(managed);
  const changes = await hypertableChanges(connection, managed);
  // Seen from the database as it is, the migrations' own changes of the hypertable are missing as well.
  const migrated = new Set(pending.flatMap(({ statements }) => statements));
  return changes.filter(({ sql }) => !migrated.has(`${sql};`));
}
