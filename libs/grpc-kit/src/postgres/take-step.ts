import { setTimeout } from 'node:timers/promises';
import type { Client, ClientConfig } from 'pg';
import type { Logger } from '../logger.ts';
import { sqlStateOf } from '../sql-state.ts';
import { StartupError } from '../startup-error.ts';
import { BlockerWatch } from './blockers.ts';
import { beginning, type MigrationStep } from './migration-step.ts';
import type { Regime } from './regime.ts';

export interface StepOptions {
  readonly client: Client;
  readonly connection: ClientConfig;
  readonly regime: Regime;
  readonly log: Logger;
}

/**
 * Takes a step, in one transaction. One that does not get its locks soon enough, or that another session made
 * PostgreSQL give up, is taken back and tried again, so that nobody waits behind it for long.
 *
 * @returns false where another migration has taken it
 * @throws StartupError after `waitMs`, saying who was waited for
 */
export async function takeStep(options: StepOptions, step: MigrationStep): Promise<boolean> {
  const watch = watchFor(options);
  try {
    const taken = await tryAgain(options, step, watch);
    if (taken) for (const line of step.told) options.log.info(line);
    return taken;
  } finally {
    watch.stop();
  }
}

async function tryAgain(
  { client, regime, log }: StepOptions,
  step: MigrationStep,
  watch: BlockerWatch,
): Promise<boolean> {
  const began = Date.now();
  for (let attempt = 1; ; attempt += 1) {
    log.debug(`begins ${step.name}`);
    try {
      return await inTransaction(client, step, regime);
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      const why = reasonToRepeat(error);
      if (why === undefined) throw error;
      const blockedBy = watch.seen() ?? 'a session that is gone';
      const pauseMs = pauseAfter(attempt);
      if (Date.now() + pauseMs - began > regime.waitMs) throw gaveUp(step, blockedBy, regime, error);
      log.warn({ attempt, pauseMs }, `${step.name}: ${why}, because of ${blockedBy}; trying again`);
      await setTimeout(pauseMs);
    }
  }
}

function watchFor({ connection, client, regime }: StepOptions): BlockerWatch {
  const { processID } = client as Client & { processID: number };
  return new BlockerWatch(connection, processID, Math.ceil(regime.lockTimeoutMs / 4));
}

async function inTransaction(client: Client, step: MigrationStep, { lockTimeoutMs }: Regime): Promise<boolean> {
  for (const statement of beginning(lockTimeoutMs)) await client.query(statement);
  if (step.done !== undefined && (await client.query(step.done)).rows.length > 0) {
    await client.query('ROLLBACK');
    return false;
  }
  for (const statement of step.statements) await client.query(statement);
  await client.query('COMMIT');
  return true;
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const reasons = new Map([
  ['55P03', 'it did not get a lock'], // lock_not_available
  ['40P01', 'it was in a deadlock'], // deadlock_detected
  ['40001', 'another transaction was faster'], // serialization_failure
]);

function reasonToRepeat(error: unknown): string | undefined {
  return reasons.get(sqlStateOf(error)) ?? (isCatalogRace(error) ? 'another session changed the same' : undefined);
}

/**
 * Roles belong to all databases of a server, which may be migrated at once: two that change one row of PostgreSQL's own
 * tables clash there.
 */
function isCatalogRace(error: unknown): boolean {
  const { schema, routine } = error as { schema?: string; routine?: string };
  switch (sqlStateOf(error)) {
    case '23505': // unique_violation
      return schema === 'pg_catalog';
    case 'XX000': // internal_error: "tuple concurrently updated"
      return routine === 'simple_heap_update' || routine === 'simple_heap_delete';
    default:
      return false;
  }
}

/** Twice as long each time, up to ten seconds, and never the same for two that clashed. */
function pauseAfter(attempt: number): number {
  const longest = Math.min(10_000, 250 * 2 ** attempt);
  return Math.round(longest * (0.5 + Math.random() / 2));
}

function gaveUp({ name }: MigrationStep, blockedBy: string, { waitMs }: Regime, cause: unknown): StartupError {
  return new StartupError(
    `${name} did not get its locks within ${waitMs} ms (MIGRATION_WAIT_MS), because of ${blockedBy}: ` +
      'end that session, or migrate again later. Nothing of it was changed.',
    { cause },
  );
}
