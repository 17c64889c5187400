import type pg from 'pg';
import type { Logger } from '@tidemark/grpc-kit';
import type { Micros } from '../domain/micros.ts';
import type { WarningCounts } from '../domain/warning-counts.ts';
import { addIngestWarnings } from './add-ingest-warnings.ts';

export interface WarningRecorder {
  /** Stores what is counted. It may be called twice. */
  stop(): Promise<void>;
}

const intervalMs = 5_000;
const limitMs = 5_000;

/** Stores the warnings that an instance has counted every few seconds, where all instances' are put together. */
export function startWarningRecorder(
  pool: pg.Pool,
  counts: WarningCounts,
  { clock, log }: { clock: () => Micros; log: Logger },
): WarningRecorder {
  const record = async (): Promise<void> => {
    const taken = counts.take();
    if (taken.length === 0) return;
    try {
      await addIngestWarnings(pool, AbortSignal.timeout(limitMs), taken, clock());
    } catch (error) {
      counts.giveBack(taken);
      log.debug({ err: error }, 'the ingest warnings could not be stored: they will be tried again');
    }
  };
  let recording = Promise.resolve();
  const timer = setInterval(() => {
    recording = recording.then(record);
  }, intervalMs);
  let stopped: Promise<void> | undefined;
  return {
    stop: () => {
      clearInterval(timer);
      return (stopped ??= recording.then(record));
    },
  };
}
