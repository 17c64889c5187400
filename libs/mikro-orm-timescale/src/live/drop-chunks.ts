import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { readChunkSizes } from '../catalog/chunk-sizes.ts';
import type { Chunk } from '../catalog/chunks.ts';
import type { Located } from '../catalog/locate.ts';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { relation } from '../sql/target.ts';
import { callOn, chunksWithin, type ChunkBounds } from './chunks-within.ts';
import { InvalidBound, PreviewOutdated } from './faults.ts';
import { hypertableAt, sessionOf, spelled, type OpenTransaction, type Session } from './session.ts';

/** What `dropChunks` would drop. */
export interface DropPreview {
  /** The oldest first. */
  chunks: Chunk[];
  /** About, by the statistics of the last ANALYZE; undefined where a chunk that holds something has none. */
  rows: number | undefined;
  bytes: number;
  /** Stands for these chunks, as text, so that it can travel: to a page that asks for a confirmation, say. */
  token: string;
}

/** @throws InvalidBound where there is no bound, NotThere, NoTimescale */
export async function previewDrop(em: EntityManager, name: QualifiedName, bounds: ChunkBounds): Promise<DropPreview> {
  const { session, hypertable } = await prepare(em, name, bounds);
  const chunks = await chunksWithin(session, hypertable, bounds);
  const sizes = await readChunkSizes(session.connection, session.functions, hypertable.holder, session.ctx);
  const known = new Map(sizes.map((size) => [spelled(size), size]));
  const sized = chunks.map((chunk) => known.get(spelled(chunk)));
  return {
    chunks,
    rows: sized.reduce<number | undefined>(
      (sum, size) => (sum !== undefined && size?.rows !== undefined ? sum + size.rows : undefined),
      0,
    ),
    bytes: sized.reduce((sum, size) => sum + (size?.bytes ?? 0), 0),
    token: tokenOf(hypertable, chunks.map(spelled)),
  };
}

/**
 * Drops what was previewed, all of it or nothing.
 *
 * @throws PreviewOutdated, InvalidBound, NotThere, NoTimescale
 */
export async function confirmDrop(
  em: EntityManager,
  name: QualifiedName,
  bounds: ChunkBounds,
  token: string,
): Promise<Chunk[]> {
  const { session, hypertable } = await prepare(em, name, bounds);
  const drop = async (ctx: OpenTransaction): Promise<Chunk[]> => {
    const within = { ...session, ctx };
    const chunks = await chunksWithin(within, hypertable, bounds);
    const check = (names: string[]): void => {
      if (tokenOf(hypertable, names) !== token) throw new PreviewOutdated(spelled(name));
    };
    check(chunks.map(spelled));
    if (chunks.length === 0) return chunks;
    if (!(await lock(within, chunks))) throw new PreviewOutdated(spelled(name));
    // A chunk may have come since, made by a row of another session: then what is dropped is rolled back.
    check(await dropWithin(within, hypertable, bounds));
    return chunks;
  };
  return session.connection.transactional(drop, session.ctx ? { ctx: session.ctx } : {});
}

async function prepare(
  em: EntityManager,
  name: QualifiedName,
  { olderThan, newerThan }: ChunkBounds,
): Promise<{ session: Session; hypertable: Located }> {
  if (olderThan === undefined && newerThan === undefined) {
    throw new InvalidBound(
      spelled(name),
      'dropChunks',
      'there is neither olderThan nor newerThan',
      'Give one of them: without a bound every row would go, for which there is TRUNCATE',
    );
  }
  const session = await sessionOf(em, `dropChunks() of ${spelled(name)}`);
  return { session, hypertable: await hypertableAt(session, name) };
}

/**
 * In the order of all who read, write and vacuum a chunk, who open it before its indexes: drop_chunks() begins with an
 * index (2.19), and would meet them in a deadlock.
 *
 * @returns whether all are still there
 */
async function lock({ connection, ctx }: Session, chunks: readonly Chunk[]): Promise<boolean> {
  const tables = chunks.map(({ schema, name }) => relation({ schema, table: name })).join(', ');
  try {
    await connection.execute(`LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`, [], 'run', ctx);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === undefinedTable) return false;
    throw error;
  }
}

const undefinedTable = '42P01';

async function dropWithin(session: Session, hypertable: Located, bounds: ChunkBounds): Promise<string[]> {
  const { sql, values } = callOn(session, hypertable, 'drop_chunks', bounds);
  // It gives names as regclass spells them: parsed, so that quotes and dots in them do no harm.
  const statement = `SELECT array_to_json(parse_ident(dropped)) AS parts FROM ${sql} AS dropped`;
  const rows = await session.connection.execute<{ parts: string[] }[]>(statement, values, 'all', session.ctx);
  return rows.map(({ parts }) => parts.join('.'));
}

/** Chunks never change their names, and no name is used twice. */
function tokenOf({ holder }: Located, chunks: readonly string[]): string {
  const what = JSON.stringify([holder.schema, holder.name, ...chunks.toSorted()]);
  return createHash('sha256').update(what).digest('base64url');
}
