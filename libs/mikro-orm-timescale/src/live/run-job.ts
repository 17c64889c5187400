import type { EntityManager } from '@mikro-orm/postgresql';
import { readJobs, type Job } from '../catalog/jobs.ts';
import { identifier } from '../sql/target.ts';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { NotThere, TransactionOpen } from './faults.ts';
import { hypertableAt, needsCommunity, sessionOf, spelled, type Session } from './session.ts';

export type Policy = 'retention' | 'columnstore' | 'reorder' | 'refresh';

/**
 * Runs a job now and waits for its end, on the connection of the open transaction if there is one. Such a run is not
 * part of the job's history, and its next one stays when it is.
 *
 * @param which its number, or a policy of a hypertable
 * @throws NotThere, TransactionOpen, NoTimescale, MissingFeature
 */
export async function runJob(em: EntityManager, which: number | { name: QualifiedName; policy: Policy }): Promise<Job> {
  const session = await sessionOf(em, 'runJob()');
  needsCommunity(session, typeof which === 'number' ? `job ${which}` : spelled(which.name), 'runJob()');
  const job = await find(session, which);
  const { connection, ctx, functions } = session;
  if (ctx && committing.has(job.procedure)) throw new TransactionOpen(`The job ${job.id} (${job.procedure})`);
  await connection.execute(`CALL ${identifier(functions)}.run_job(${job.id})`, [], 'run', ctx);
  return job;
}

const procedures: Readonly<Record<Policy, string>> = {
  retention: 'policy_retention',
  columnstore: 'policy_compression',
  reorder: 'policy_reorder',
  refresh: 'policy_refresh_continuous_aggregate',
};

/** The policies that commit in between. */
const committing: ReadonlySet<string> = new Set([procedures.columnstore, procedures.refresh]);

async function find(session: Session, which: number | { name: QualifiedName; policy: Policy }): Promise<Job> {
  const jobs = await readJobs(session.connection, session.ctx);
  if (typeof which === 'number') {
    const job = jobs.find(({ id }) => id === which);
    if (job) return job;
    throw new NotThere(`There is no job ${which}`, 'jobs() has those there are');
  }
  const { schema, name } = await hypertableAt(session, which.name);
  const job = jobs.find(
    ({ procedure, hypertable }) =>
      procedure === procedures[which.policy] && hypertable?.schema === schema && hypertable.name === name,
  );
  if (job) return job;
  throw new NotThere(
    `${spelled(which.name)} has no ${which.policy} policy`,
    'declare it and migrate, or see jobs() for those there are',
  );
}
