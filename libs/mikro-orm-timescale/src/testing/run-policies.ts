import type { EntityManager } from '@mikro-orm/postgresql';
import { isEntity, type EntityLike } from '../definition/entity-like.ts';
import { nameOf } from '../orm/name-of.ts';
import { identifier } from '../sql/target.ts';
import { PolicyFailed } from './faults.ts';
import { movedConfig } from './moved-config.ts';
import { readPolicies, type Policy } from './read-policies.ts';
import { Session } from './session.ts';

export interface MovedTime {
  /** Default: the server's clock, which stays what it is. */
  now?: Date;
  /** The same for policies on integer columns; default: what the hypertable's integer-now function says. */
  integerNow?: number | bigint;
}

export interface PolicySelection {
  /** Only what belongs to this hypertable or continuous aggregate; an entity only where an entity manager is given. */
  of?: EntityLike | { schema?: string; name: string };
  /** For an entity with `schema: '*'`. */
  schema?: string;
}

export interface RanPolicy {
  /** The job's number. */
  id: number;
  /** policy_refresh_continuous_aggregate, policy_reorder, policy_compression, policy_retention, ... */
  procedure: string;
  /** A continuous aggregate by its own name; undefined for a job that belongs to nothing. */
  hypertable: { schema: string; name: string } | undefined;
}

/**
 * Runs each policy once, here and now, and says which: refreshes first, then reorder, columnstore and retention last, so
 * that nothing is dropped before it is aggregated. Paused policies (`scheduled => false`) and jobs of your own are left
 * out; `runJob()` runs them.
 *
 * With `now` TimescaleDB's own policy procedures run, with intervals that lead from the server's clock to where the
 * policy's would lead from `now`, to the microsecond and by the calendar. So chunks older than `now - drop_after` are
 * dropped, those older than `now - compress_after` converted, and `now - start_offset` to `now - end_offset` refreshed.
 *
 * It is one run at that time, not all the runs until then: a refresh window that has moved on leaves older buckets
 * unmaterialized. Nothing else moves: `now()` in defaults, views, queries and integer-now functions, the real-time part
 * of an aggregate, when a chunk was created (`drop_created_before`), the statistics and the schedule of jobs. Reorder
 * knows no time: it takes one chunk a run, and never the newest three. Where there is no TimescaleDB, there is nothing
 * to run.
 *
 * @param database an entity manager, outside a transaction, because policies commit by themselves; or a URL
 * @throws PolicyFailed
 */
export async function runPolicies(
  database: EntityManager | string,
  options: MovedTime & PolicySelection = {},
): Promise<RanPolicy[]> {
  return withRows(database, async (rows) => {
    const of = nameIn(database, options);
    const policies = (await readPolicies(rows)).filter((each) => each.rank !== undefined && each.scheduled);
    const chosen = policies.filter(({ hypertable }) => !of || isSame(hypertable, of)).sort(inOrder);
    for (const policy of chosen) await run(rows, policy, options);
    return chosen.map(ran);
  });
}

/**
 * Runs one job, whether it is paused or not. The time moves for TimescaleDB's own policies only.
 *
 * @throws PolicyFailed
 */
export async function runJob(database: EntityManager | string, id: number, time: MovedTime = {}): Promise<void> {
  await withRows(database, async (rows) => {
    const job = (await readPolicies(rows)).find((each) => each.id === id);
    if (!job) throw new Error(`runJob(), id: there is no job ${id}. Look it up with timescale(em).jobs().`);
    await run(rows, job, time);
  });
}

/** How statements get to the database. */
export type Rows = <Row>(sql: string) => Promise<Row[]>;

async function withRows<Result>(
  database: EntityManager | string,
  work: (rows: Rows) => Promise<Result>,
): Promise<Result> {
  if (typeof database !== 'string') {
    const connection = database.getDriver().getConnection();
    return work(<Row>(sql: string) => connection.execute<Row[]>(sql));
  }
  const session = await Session.open(database);
  try {
    return await work((sql) => session.rows(sql));
  } finally {
    await session.close();
  }
}

async function run(rows: Rows, policy: Policy, time: MovedTime): Promise<void> {
  const config = policy.rank === undefined ? undefined : movedConfig(policy, time);
  const { id, functions, procedureSchema, procedure } = policy;
  try {
    await rows(
      config === undefined
        ? `CALL ${identifier(functions)}.run_job(${id})`
        : `CALL ${identifier(procedureSchema)}.${identifier(procedure)}(${id}, ${config})`,
    );
  } catch (error) {
    throw new PolicyFailed(ran(policy), error);
  }
}

function ran({ id, procedure, hypertable }: Policy): RanPolicy {
  return { id, procedure, hypertable };
}

/** Aggregates of aggregates come after those that they read: they were made later. */
function inOrder(one: Policy, other: Policy): number {
  return (one.rank ?? 0) - (other.rank ?? 0) || one.hypertableId - other.hypertableId || one.id - other.id;
}

function isSame(hypertable: RanPolicy['hypertable'], of: { schema: string; name: string }): boolean {
  return hypertable?.schema === of.schema && hypertable.name === of.name;
}

function nameIn(
  database: EntityManager | string,
  { of, schema }: PolicySelection,
): { schema: string; name: string } | undefined {
  if (!of) return undefined;
  if (!isEntity(of)) return { schema: of.schema ?? schema ?? 'public', name: of.name };
  if (typeof database !== 'string') return nameOf(database, of, schema);
  throw new Error(
    'runPolicies(), of: an entity has a table only with an entity manager. Give one, or { schema, name }.',
  );
}
