import { Client, credentials, type MethodDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { EventsServiceService, type Event } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import type { Range } from './asked.ts';
import type { Bench } from './bench.ts';

/** Reads all events of a range by ExportEvents, as fast as it comes; undefined where the contract has no such method. */
export async function exportAll(bench: Bench, { start, end }: Range): Promise<number | undefined> {
  const method = (EventsServiceService as ServiceDefinition)['exportEvents'] as
    MethodDefinition<unknown, { events: Event[] }> | undefined;
  if (!method) return undefined;
  const client = new Client(bench.service.address, credentials.createInsecure());
  const request = { range: { start: timestampOf(start), end: timestampOf(end) }, filter: undefined, cursor: '' };
  const call = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
  );
  let count = 0;
  for await (const { events } of call as AsyncIterable<{ events: Event[] }>) count += events.length;
  client.close();
  return count;
}
