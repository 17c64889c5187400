import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type pg from 'pg';

/** Where it was measured. */
export interface Machine {
  cpus: string;
  memory: string;
  system: string;
  node: string;
  postgres: string;
  timescaledb: string;
}

export async function machine(admin: pg.Client, isEmbedded: boolean): Promise<Machine> {
  const { rows } = await admin.query<{ postgres: string; timescaledb: string | null; license: string | null }>(
    `SELECT current_setting('server_version') AS postgres, current_setting('timescaledb.license', true) AS license,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb`,
  );
  const [server] = rows;
  return {
    cpus: `${availableParallelism()} (${cpus()[0]?.model ?? 'unknown'})`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    postgres: `${server?.postgres ?? ''}${isEmbedded ? ', embedded' : ''}`,
    timescaledb: timescaleOf(server?.timescaledb ?? null, server?.license ?? null),
  };
}

function timescaleOf(version: string | null, license: string | null): string {
  if (version === null) return 'not in this database';
  return `${version} (${license === 'timescale' ? 'community' : 'apache'} edition)`;
}
