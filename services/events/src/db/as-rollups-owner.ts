import type pg from 'pg';
import { connect } from './connection.ts';
import { serviceRole } from './pool.ts';
import { queryOn } from './query.ts';

/** The migrations create it: it owns the rollups and nothing else. */
export const rollupsRole = 'tidemark_events_rollups';

/**
 * Runs one statement as the owner of the rollups, outside of any transaction: TimescaleDB refreshes them for nobody else,
 * and commits in between.
 */
export async function asRollupsOwner(pool: pg.Pool, signal: AbortSignal, statement: string): Promise<void> {
  const client = await connect(pool, signal);
  try {
    await client.query(`SET ROLE ${rollupsRole}`);
    await queryOn(pool, client, signal, statement);
    await client.query(`SET ROLE ${serviceRole}`);
    client.release();
  } catch (error) {
    // No connection goes back with more rights than the service's.
    client.release(true);
    throw error;
  }
}
