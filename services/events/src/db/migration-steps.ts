import { MikroORM } from '@mikro-orm/postgresql';
import { loginStep, pendingSteps, type MigrationStep, type Regime } from '@tidemark/grpc-kit/postgres';
import type pg from 'pg';
import { entities } from './entities.ts';
import { retentionsOf, type HypertableSettings, type ManagedSettings } from './hypertable-settings.ts';
import type { Change } from './hypertable-changes.ts';
import { migrations } from './migrations/index.ts';
import { serviceRole } from './pool.ts';
import { rollupsOf, type RefreshLimits } from './rollup-settings.ts';
import type { Edition } from './timescale-server.ts';

export interface MigrationSettings extends HypertableSettings {
  readonly regime?: Regime;
  /** What the service's role shall log in with; absent: the role is left as it is. */
  readonly servicePassword?: string | undefined;
}

/** Any number that no other user of the database's advisory locks has. */
export const migrationLock = 7_204_051_991;

export function migrationConnection(databaseUrl: string): pg.ClientConfig & { application_name: string } {
  return { connectionString: databaseUrl, application_name: 'tidemark-events-migrate' };
}

/** The migrations that are missing. */
export function migrationSteps(client: pg.Client): Promise<MigrationStep[]> {
  // It connects to nothing: a migration is only asked for its statements.
  const orm = new MikroORM({ dbName: 'events', entities: entities() });
  const named = migrations.map(({ name, class: MigrationClass }) => ({
    name,
    migration: new MigrationClass(orm.em.getDriver(), orm.config),
  }));
  return pendingSteps(client, 'events', named);
}

/** The hypertables' part of the settings: of policies, the columnstore and rollups only the community edition knows. */
export function managedOn(edition: Edition, settings: HypertableSettings, limits: RefreshLimits = {}): ManagedSettings {
  const { chunkInterval, columnstoreAfter } = settings;
  if (edition === 'apache') return { chunkInterval };
  return {
    chunkInterval,
    retentions: retentionsOf(settings),
    rollups: rollupsOf(settings, limits),
    ...(columnstoreAfter !== undefined && { columnstore: { after: columnstoreAfter } }),
  };
}

/** What a deployment chooses, all of it or nothing, and the login of the service. */
export function deploymentSteps(changes: readonly Change[], { servicePassword }: MigrationSettings): MigrationStep[] {
  const settings: MigrationStep = {
    name: 'settings of the hypertables',
    statements: changes.map(({ sql }) => sql),
    told: changes.map(({ sql, safety }) => `set (${safety}): ${sql}`),
  };
  return [
    ...(changes.length > 0 ? [settings] : []),
    ...(servicePassword === undefined ? [] : [loginStep(serviceRole, servicePassword)]),
  ];
}
