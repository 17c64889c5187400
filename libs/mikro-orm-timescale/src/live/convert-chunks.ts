import type { EntityManager } from '@mikro-orm/postgresql';
import type { Chunk } from '../catalog/chunks.ts';
import { identifier } from '../sql/target.ts';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { chunksWithin, type ChunkBounds } from './chunks-within.ts';
import { ConversionStopped, NotThere } from './faults.ts';
import { hypertableAt, needsCommunity, sessionOf, spelled, type Session } from './session.ts';

/** Which chunks to convert; without any option all of them. */
export interface ChunkSelection extends ChunkBounds {
  /** Of these alone, such as some of what `chunks()` gave. */
  chunks?: readonly Pick<Chunk, 'schema' | 'name'>[];
}

export interface CompressOptions extends ChunkSelection {
  /** Also those that are in the columnstore already, as its settings are by now. */
  recompress?: boolean;
}

/**
 * @returns what was converted, the oldest first; nothing to do is no error
 * @throws ConversionStopped, NotThere, InvalidBound, NoTimescale, MissingFeature
 */
export async function compress(
  em: EntityManager,
  name: QualifiedName,
  { recompress = false, ...selection }: CompressOptions,
): Promise<Chunk[]> {
  const session = await sessionOf(em, `compress() of ${spelled(name)}`);
  const chunks = await select(session, name, 'compress()', selection);
  const partial = await partlyConverted(session, chunks);
  const wanted = chunks.filter((chunk) => recompress || !chunk.compressed || partial.has(spelled(chunk)));
  const again = recompress ? ', recompress => true' : '';
  return convert(
    session,
    wanted,
    `convert_to_columnstore(CAST(? AS regclass), if_not_columnstore => true${again})`,
    true,
  );
}

/** @returns, throws as `compress` */
export async function decompress(em: EntityManager, name: QualifiedName, selection: ChunkSelection): Promise<Chunk[]> {
  const session = await sessionOf(em, `decompress() of ${spelled(name)}`);
  const chunks = await select(session, name, 'decompress()', selection);
  const wanted = chunks.filter(({ compressed }) => compressed);
  return convert(session, wanted, 'convert_to_rowstore(CAST(? AS regclass), if_columnstore => true)', false);
}

async function select(
  session: Session,
  name: QualifiedName,
  feature: string,
  { chunks: named, ...bounds }: ChunkSelection,
): Promise<Chunk[]> {
  needsCommunity(session, spelled(name), feature);
  const hypertable = await hypertableAt(session, name);
  if (!hypertable.columnstore) {
    throw new NotThere(`${spelled(name)} has no columnstore`, 'switch it on with the option columnstore, and migrate');
  }
  const within = await chunksWithin(session, hypertable, bounds);
  if (!named) return within;
  const wanted = new Set(named.map(spelled));
  const found = within.filter((chunk) => wanted.delete(spelled(chunk)));
  const [missing] = wanted;
  if (missing === undefined) return found;
  throw new NotThere(`${spelled(name)} has no chunk ${missing} within the bounds`, 'take them from chunks()');
}

/** Those in the columnstore that got rows since. No view of TimescaleDB tells. */
async function partlyConverted({ connection, ctx }: Session, chunks: readonly Chunk[]): Promise<Set<string>> {
  const rows = await connection.execute<QualifiedName[]>(
    `
      SELECT chunk.schema, chunk.name
      FROM json_to_recordset(CAST(? AS json)) AS chunk (schema text, name text)
      CROSS JOIN LATERAL to_regclass(format('%I.%I', chunk.schema, chunk.name)) AS relation
      -- One that was dropped in between is null, which the function does not take.
      WHERE CASE WHEN relation IS NOT NULL THEN _timescaledb_functions.chunk_status(relation) & 10 <> 0 END`,
    [JSON.stringify(chunks)],
    'all',
    ctx,
  );
  return new Set(rows.map(spelled));
}

/** One at a time: each in a transaction of its own, or all in that of the entity manager. */
async function convert(
  session: Session,
  chunks: readonly Chunk[],
  call: string,
  compressed: boolean,
): Promise<Chunk[]> {
  const { connection, ctx, functions } = session;
  const done: Chunk[] = [];
  for (const chunk of chunks) {
    const relation = `${identifier(chunk.schema)}.${identifier(chunk.name)}`;
    try {
      await connection.execute(`CALL ${identifier(functions)}.${call}`, [relation], 'run', ctx);
    } catch (cause) {
      if (ctx)
        throw new ConversionStopped(chunk, [], 'the transaction has to be rolled back, with those before it', cause);
      const left =
        done.length === 1 ? 'the one before it is and stays so' : `the ${done.length} before it are and stay so`;
      throw new ConversionStopped(chunk, done, left, cause);
    }
    done.push({ ...chunk, compressed });
  }
  return done;
}
