import type { RunJobRequest, RunJobResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { listJobs } from '../db/jobs.ts';
import { runJob as runStoredJob } from '../db/run-job.ts';
import { JobNotFound } from '../domain/not-found.ts';
import type { Context } from './context.ts';
import { jobMessage } from './hypertable-message.ts';

export function runJob({ pool, retentionJobIntervalMs }: Context): UnaryHandler<RunJobRequest, RunJobResponse> {
  return async ({ id }, { signal }) => {
    const jobs = await listJobs(pool, signal, retentionJobIntervalMs);
    const job = jobs.find((each) => each.id === id);
    if (!job) throw new JobNotFound(id);
    await runStoredJob(pool, signal, job);
    return { job: jobMessage(job) };
  };
}
