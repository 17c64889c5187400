import type { ListJobsRequest, ListJobsResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { listJobs as listStoredJobs } from '../db/jobs.ts';
import type { Context } from './context.ts';
import { jobMessage } from './hypertable-message.ts';

export function listJobs({ pool, retentionJobIntervalMs }: Context): UnaryHandler<ListJobsRequest, ListJobsResponse> {
  return async (_, { signal }) => {
    const jobs = await listStoredJobs(pool, signal, retentionJobIntervalMs);
    return { jobs: jobs.map(jobMessage) };
  };
}
