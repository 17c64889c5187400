import { resolve } from 'node:path';
import { openInput, type Input } from './input.ts';
import { LineReports } from './line-reports.ts';
import type { Progress } from './progress.ts';
import { readBatches } from './read-batches.ts';
import { newestTime, shiftTo } from './shift.ts';
import { Spool } from './spool.ts';
import { BatchStream } from './stream-batches.ts';
import { summaryOf } from './summary.ts';
import { Tally } from './tally.ts';
import type { ImportOptions } from './usage.ts';

export interface ImportContext {
  /** What relative file names begin from. */
  readonly folder: string;
  readonly progress: Progress;
  readonly printSummary: (lines: readonly string[]) => void;
  /** Aborted when the user wants no more. */
  readonly signal: AbortSignal;
}

// Longer than a service that is there takes to answer.
const silenceMs = 1_500;

/**
 * Reads the files one after the other into the events service.
 *
 * @returns what became of the lines
 * @throws ImportFailed, or the signal's reason; what is committed by then stays, and the summary says so
 */
export async function importLogs(options: ImportOptions, context: ImportContext): Promise<Tally> {
  const { signal, progress } = context;
  const startMs = performance.now();
  const tally = new Tally();
  const inputs: Input[] = [];
  for (const name of options.files) inputs.push(await openInput(name, resolve(context.folder, name), signal));
  const reports = new LineReports((line) => progress.print(line));
  const waiting = setTimeout(() => progress.print(`Waiting for the events service at ${options.events}.`), silenceMs);
  const stream = await BatchStream.open({
    address: options.events,
    signal,
    observer: {
      onAnswer(batch, answer) {
        for (const line of tally.addAnswer(batch, answer)) reports.add(line.reason, line, line.message);
      },
      onLost(reason) {
        tally.outages += 1;
        progress.print(`The events service is away (${reason}): trying again for up to 5 minutes.`);
      },
      onResend(events) {
        tally.resentEvents += events;
      },
    },
  }).finally(() => clearTimeout(waiting));
  const spool = new Spool(signal);
  let isComplete = false;
  try {
    const shifted = await shiftOf(inputs, options.shiftTo, spool, progress);
    let bytesRead = 0;
    const show = (): void => progress.update({ bytes: bytesRead, text: stateOf(tally) });
    progress.begin('Importing', totalSize(shifted.inputs));
    for (const input of shifted.inputs) {
      const batches = readBatches(
        input,
        { source: options.source, shiftMs: shifted.shiftMs },
        {
          onBytes: (count) => (bytesRead += count),
          onLines: (count) => (tally.linesRead += count),
          onMalformed(file, line, reason) {
            tally.addMalformed({ file, line });
            reports.add('malformed', { file, line }, reason);
          },
        },
      );
      for await (const batch of batches) {
        await stream.send(batch);
        show();
      }
    }
    await stream.finish();
    isComplete = true;
    return tally;
  } finally {
    const { unansweredEvents: unanswered } = stream;
    stream.close();
    await spool.remove();
    progress.stop();
    const seconds = (performance.now() - startMs) / 1_000;
    context.printSummary(summaryOf(tally, { seconds, unanswered, isComplete, isOfSeveral: inputs.length > 1 }));
  }
}

async function shiftOf(
  inputs: readonly Input[],
  day: number | undefined,
  spool: Spool,
  progress: Progress,
): Promise<{ inputs: readonly Input[]; shiftMs: number }> {
  if (day === undefined) return { inputs, shiftMs: 0 };
  const repeatable: Input[] = [];
  for (const input of inputs) repeatable.push(await spool.repeatable(input));
  let bytes = 0;
  progress.begin('Looking for the newest event', totalSize(repeatable));
  const newestMs = await newestTime(repeatable, (count) => {
    bytes += count;
    progress.update({ bytes, text: '' });
  });
  if (newestMs === undefined) return { inputs: repeatable, shiftMs: 0 };
  const shiftMs = shiftTo(day, newestMs);
  const date = new Date(newestMs + shiftMs).toISOString().slice(0, 10);
  progress.print(
    `All times move so that the newest event falls on ${date}; go on another day with --shift-to ${date}.`,
  );
  return { inputs: repeatable, shiftMs };
}

function totalSize(inputs: readonly Input[]): number | undefined {
  return inputs.reduce<number | undefined>(
    (sum, { size }) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
}

function stateOf({ linesRead, stored, duplicates }: Tally): string {
  return `${linesRead.toLocaleString('en-US')} lines read, ${(stored + duplicates).toLocaleString('en-US')} events acknowledged`;
}
