import type { Logger } from '@tidemark/grpc-kit';
import { migrateAlone, standardRegime } from '@tidemark/grpc-kit/postgres';
import { enableTimescale } from './extension-steps.ts';
import { hypertableChanges } from './hypertable-changes.ts';
import { goneEvents } from './longer-retention.ts';
import {
  deploymentSteps,
  managedOn,
  migrationConnection,
  migrationLock,
  migrationSteps,
  type MigrationSettings,
} from './migration-steps.ts';
import { retentionChanges } from './retention-changes.ts';
import { rollupOwnerChanges } from './rollup-owner-changes.ts';
import { createdTimescale, refuseWithoutLibrary } from './timescale-server.ts';

/** Brings the schema up to date and then sets the hypertable as configured. It needs an administrator's connection. */
export async function migrate(databaseUrl: string, settings: MigrationSettings, log: Logger): Promise<void> {
  const { regime = standardRegime } = settings;
  const connection = migrationConnection(databaseUrl);
  const migrating = migrateAlone({ connection, lock: migrationLock, regime, log }, async (session) => {
    const { client, take } = session;
    await enableTimescale(session);
    for (const step of await migrationSteps(client)) await take(step);
    const { edition } = await createdTimescale(client);
    const gone = await goneEvents(client, settings);
    const changes = [
      ...(await rollupOwnerChanges(client)),
      ...gone.changes,
      ...(await hypertableChanges(connection, managedOn(edition, settings, gone.limits))),
      ...(await retentionChanges(client, edition, settings)),
    ];
    for (const step of deploymentSteps(changes, settings)) await take(step);
  });
  await migrating.catch(refuseWithoutLibrary);
}
