import { Measure, QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import { timeOf, type Stored } from './check-ledger.ts';
import type { EventsClient } from './clients.ts';
import type { Deviation, Ledger } from './ledger.ts';

const dayMicros = 86_400_000_000;

/** Compares the answers of the service with what the ledger says is stored. */
export async function checkAnswers(client: EventsClient, ledger: Ledger, stored: Stored): Promise<Deviation[]> {
  const expected = countsByDay(ledger, stored);
  // The second question cannot be answered from counts that were made before.
  const answers = [await countsFrom(client, []), await countsFrom(client, [Measure.UNIQUE_SESSIONS])];
  return answers.flatMap((answer, number) =>
    [...new Set([...expected.keys(), ...answer.keys()])]
      .filter((day) => expected.get(day) !== answer.get(day))
      .map((day) => ({
        what: `answer ${number + 1} has ${answer.get(day) ?? 0} events on ${day}, and the ledger ${expected.get(day) ?? 0}`,
        ids: [],
      })),
  );
}

/** Those of events that are stored, at the times at which they were sent; a skewed client's at the stored one. */
function countsByDay({ batches }: Ledger, stored: Stored): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { events, skewMs } of batches) {
    for (const event of events) {
      const [time] = stored.get(event.id) ?? [];
      if (time === undefined) continue;
      const day = dayOf(skewMs === undefined ? timeOf(event) : time);
      counts.set(day, (counts.get(day) ?? 0) + 1);
    }
  }
  return counts;
}

async function countsFrom(client: EventsClient, measures: Measure[]): Promise<Map<string, number>> {
  const end = Math.ceil((Date.now() * 1_000) / dayMicros + 2) * dayMicros;
  const { buckets } = await client.queryBuckets(
    QueryBucketsRequest.fromPartial({
      range: { start: timestampOf(end - 40 * dayMicros), end: timestampOf(end) },
      width: { unit: TimeUnit.DAY },
      measures,
    }),
  );
  return new Map(buckets.map(({ start, count }) => [dayOf(Number(start?.seconds ?? 0n) * 1_000_000), Number(count)]));
}

function dayOf(time: number): string {
  return new Date(time / 1_000).toISOString().slice(0, 10);
}
