import { round } from '@tidemark/testing/bench';
import type { Bench } from '../bench.ts';
import { dayMicros } from '../empty-table.ts';
import type { Measure, Result } from '../measure.ts';

export const compression: Measure = {
  name: 'compression',
  title: 'bytes of an event in rows, by bytes in the columnstore',
  run,
};

const partEvents = 100_000;

async function run(bench: Bench): Promise<Result> {
  const { admin } = bench;
  if (!(await hasColumnstore(bench))) return { skipped: 'the Apache edition has no columnstore' };
  const count = bench.rows(500_000);
  const today = Math.floor((Date.now() * 1_000) / dayMicros) * dayMicros;
  // Long enough ago for a policy to leave no chunk open, and on one day, so that chunks are as full as a busy site's.
  const day = { start: today - 20 * dayMicros, end: today - 19 * dayMicros };
  await ingest(bench, count, day);
  await admin.query('VACUUM ANALYZE events.events');
  const before = await bytes(bench);
  const settings = await setColumnstore(bench);
  await admin.query(
    `SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('events.events') AS chunk`,
  );
  const after = await bytes(bench);
  return {
    value: before / after,
    figures: {
      events: round(count),
      'in rows': `${round(before / count)} bytes an event`,
      'in the columnstore': `${round(after / count)} bytes an event`,
      settings,
    },
  };
}

async function hasColumnstore({ admin }: Bench): Promise<boolean> {
  const { rows } = await admin.query<{ license: string }>(`SELECT current_setting('timescaledb.license') AS license`);
  return rows[0]?.license === 'timescale';
}

/** As the service is asked to store them, so that they are as different as real ones. */
async function ingest(bench: Bench, count: number, day: { start: number; end: number }): Promise<void> {
  const parts = Math.ceil(count / partEvents);
  const width = (day.end - day.start) / parts;
  for (let part = 0; part < parts; part++) {
    const start = day.start + part * width;
    const events = { seed: part, count: Math.ceil(count / parts), start, end: start + width };
    await bench.load.ask({ kind: 'stream', address: bench.service.address, events, channels: 2, batchSize: 2_000 });
  }
}

/** The migrations' own, or TimescaleDB's where these set none. */
async function setColumnstore({ admin }: Bench): Promise<string> {
  const { rows } = await admin.query<{ settings: string }>(
    `SELECT concat_ws(', ', 'segmented by ' || segmentby, 'ordered by ' || orderby) AS settings
     FROM timescaledb_information.hypertables
     JOIN timescaledb_information.hypertable_compression_settings ON hypertable = 'events.events'::regclass
     WHERE hypertable_schema = 'events' AND hypertable_name = 'events' AND compression_enabled`,
  );
  if (rows[0]) return rows[0].settings || 'the migrations set neither segments nor an order';
  await admin.query('ALTER TABLE events.events SET (timescaledb.compress)');
  return 'the defaults of TimescaleDB';
}

async function bytes({ admin }: Bench): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(`SELECT hypertable_size('events.events') AS bytes`);
  return Number(rows[0]?.bytes);
}
