import {
  EventsServiceService,
  HypertablesServiceService,
  IngestEventsRequest,
  StreamEventsRequest,
  TransactionsServiceService,
} from '@tidemark/contracts/events';
import { rpcService, type RpcService } from '@tidemark/grpc-kit';
import type { Context } from './context.ts';
import { batchDecoder } from './decode-batch.ts';
import { dropChunks } from './drop-chunks.ts';
import { exportEvents, exportEventsEncoded } from './export-events.ts';
import { getEvent } from './get-event.ts';
import { getHypertable } from './get-hypertable.ts';
import { ingestEvents } from './ingest-events.ts';
import { listChunks } from './list-chunks.ts';
import { listEvents } from './list-events.ts';
import { listHypertables } from './list-hypertables.ts';
import { listIngestWarnings } from './list-ingest-warnings.ts';
import { listJobs } from './list-jobs.ts';
import { listTransactions } from './list-transactions.ts';
import { previewDropChunks } from './preview-drop-chunks.ts';
import { queryBuckets } from './query-buckets.ts';
import { queryTransactionBuckets } from './query-transaction-buckets.ts';
import { recordTransactions } from './record-transactions.ts';
import { refreshRollup } from './refresh-rollup.ts';
import { replaceUser } from './replace-user.ts';
import { runJob } from './run-job.ts';
import { streamEvents } from './stream-events.ts';
import { tailEvents } from './tail-events.ts';
import { topValues } from './top-values.ts';

const { ingestEvents: ingest, streamEvents: stream } = EventsServiceService;

export function rpcServices(context: Context): RpcService[] {
  const { clock } = context;
  const eventsService = {
    ...EventsServiceService,
    ingestEvents: { ...ingest, requestDeserialize: batchDecoder(IngestEventsRequest, 1, clock) },
    streamEvents: { ...stream, requestDeserialize: batchDecoder(StreamEventsRequest, 2, clock) },
    exportEvents: exportEventsEncoded,
  };
  return [
    rpcService(eventsService, {
      ingestEvents: ingestEvents(context),
      streamEvents: streamEvents(context),
      getEvent: getEvent(context),
      listEvents: listEvents(context),
      queryBuckets: queryBuckets(context),
      topValues: topValues(context),
      exportEvents: exportEvents(context),
      tailEvents: tailEvents(context),
      listIngestWarnings: listIngestWarnings(context),
    }),
    rpcService(HypertablesServiceService, {
      listHypertables: listHypertables(context),
      getHypertable: getHypertable(context),
      listChunks: listChunks(context),
      previewDropChunks: previewDropChunks(context),
      dropChunks: dropChunks(context),
      listJobs: listJobs(context),
      runJob: runJob(context),
      refreshRollup: refreshRollup(context),
      replaceUser: replaceUser(context),
    }),
    rpcService(TransactionsServiceService, {
      recordTransactions: recordTransactions(context),
      listTransactions: listTransactions(context),
      queryTransactionBuckets: queryTransactionBuckets(context),
    }),
  ];
}
