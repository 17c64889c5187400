import type pg from 'pg';
import { JobNotFound } from '../domain/not-found.ts';
import { asRollupsOwner } from './as-rollups-owner.ts';
import { serviceRetention, type OwnedJob } from './jobs.ts';
import { query } from './query.ts';

/**
 * Runs a job and waits for its end. The service's role may run none: those of rollups it runs as their owner, and for
 * those of hypertables there are functions with the rights of the owner, which do nothing else.
 */
export async function runJob(pool: pg.Pool, signal: AbortSignal, { id, kind, ofRollups }: OwnedJob): Promise<void> {
  if (id === serviceRetention) return repeat(pool, signal, 'SELECT events.drop_oldest_chunk() AS chunk', []);
  if (ofRollups) return asRollupsOwner(pool, signal, `CALL public.run_job(${Number(id)})`);
  if (kind === 'retention') {
    await query(pool, signal, 'SELECT events.run_retention_policy($1)', [id]);
    return;
  }
  if (kind === 'columnstore') return repeat(pool, signal, 'SELECT events.convert_oldest_chunk($1) AS chunk', [id]);
  throw new JobNotFound(id);
}

/** A chunk is a transaction of its own: others wait for no more than one. */
async function repeat(pool: pg.Pool, signal: AbortSignal, statement: string, values: unknown[]): Promise<void> {
  for (;;) {
    const [row] = await query<{ chunk: string | null }>(pool, signal, statement, values);
    if (!row?.chunk) return;
  }
}
