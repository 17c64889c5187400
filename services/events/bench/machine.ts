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
  const { rows } = await admin.query<{ postgres: string; timescaledb: string; license: string }>(
    `SELECT current_setting('server_version') AS postgres, extversion AS timescaledb,
       current_setting('timescaledb.license') AS license
     FROM pg_extension WHERE extname = 'timescaledb'`,
  );
  const [server] = rows;
  return {
    cpus: `${availableParallelism()} (${cpus()[0]?.model ?? 'unknown'})`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    postgres: `${server?.postgres ?? ''}${isEmbedded ? ', embedded' : ''}`,
    timescaledb: `${server?.timescaledb ?? ''} (${server?.license === 'timescale' ? 'community' : 'apache'} edition)`,
  };
}
