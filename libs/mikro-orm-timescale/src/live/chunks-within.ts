import { readChunks, type Chunk } from '../catalog/chunks.ts';
import type { Located } from '../catalog/locate.ts';
import { identifier } from '../sql/target.ts';
import { boundSql, type Bound, type BoundSql } from './bound.ts';
import type { Session } from './session.ts';

export interface ChunkBounds {
  /** Chunks that end by then: all of their rows are older. */
  olderThan?: Bound;
  /** Chunks that begin then or later: all of their rows are as new. */
  newerThan?: Bound;
}

/** The chunks wholly within the bounds, the oldest first. */
export async function chunksWithin(session: Session, hypertable: Located, bounds: ChunkBounds): Promise<Chunk[]> {
  const { connection, ctx } = session;
  const { sql, values } = callOn(session, hypertable, 'show_chunks', bounds);
  const shown = await connection.execute<{ name: string }[]>(
    `
      SELECT namespace.nspname || '.' || relation.relname AS name
      FROM ${sql} AS shown
      JOIN pg_class AS relation ON relation.oid = shown
      JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace`,
    values,
    'all',
    ctx,
  );
  const names = new Set(shown.map(({ name }) => name));
  const all = await readChunks(connection, hypertable.holder, ctx);
  return all.filter((chunk) => names.has(`${chunk.schema}.${chunk.name}`));
}

/** `show_chunks` or `drop_chunks` with the bounds. */
export function callOn(
  { functions }: Session,
  hypertable: Located,
  name: 'show_chunks' | 'drop_chunks',
  { olderThan, newerThan }: ChunkBounds,
): { sql: string; values: BoundSql['value'][] } {
  const { schema, name: table } = hypertable.holder;
  const bounds = [
    ...(olderThan === undefined ? [] : [{ to: 'older_than', ...boundSql(hypertable, 'olderThan', olderThan) }]),
    ...(newerThan === undefined ? [] : [{ to: 'newer_than', ...boundSql(hypertable, 'newerThan', newerThan, 'up') }]),
  ];
  const args = ['CAST(? AS regclass)', ...bounds.map(({ to, sql }) => `${to} => ${sql}`)];
  return {
    sql: `${identifier(functions)}.${name}(${args.join(', ')})`,
    values: [`${identifier(schema)}.${identifier(table)}`, ...bounds.map(({ value }) => value)],
  };
}
