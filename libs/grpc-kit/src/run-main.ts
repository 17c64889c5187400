import { databaseUnavailable } from './database-faults.ts';
import type { Logger } from './logger.ts';
import { sqlStateOf } from './sql-state.ts';
import { StartupError } from './startup-error.ts';

export interface Running {
  readonly log: Logger;
  /** The port it serves on. Absent for a task that is done once it has started. */
  readonly port?: number;
  stop?(): Promise<void>;
}

/**
 * The life of a process: starts, serves until SIGINT or SIGTERM, stops in order and ends with exit code 0. A second
 * signal ends it at once. Where it cannot start for a reason that its user can mend, it says so in one line and ends with
 * exit code 1.
 *
 * A parent with an IPC channel is told `{ listening: port }`, and when the parent is gone, the process stops too.
 */
export async function runMain(start: () => Promise<Running>): Promise<void> {
  // In a promise, so that a `start` that throws before its first await is caught as well.
  const running = await Promise.resolve().then(start).catch(refuse);
  const { log, port } = running;
  if (port === undefined) {
    await running.stop?.();
    return;
  }
  let stopping = false;
  const end = async (why: string): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info(`${why}: stopping`);
    await running.stop?.();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(signal));
  if (process.send) {
    process.on('disconnect', () => void end('the parent is gone'));
    process.send({ listening: port });
  }
}

function refuse(error: unknown): never {
  process.stderr.write(`${remedyOf(error)}\n`);
  process.exit(1);
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html: what is wrong with an address or its credentials.
const refusedStates = new Set(['28000', '28P01', '3D000', '42501']);

function remedyOf(error: unknown): string {
  if (error instanceof StartupError) return error.message;
  if (databaseUnavailable.match(error)) return 'The database cannot be reached: check DATABASE_URL and that it runs.';
  if (error instanceof Error && refusedStates.has(sqlStateOf(error))) {
    return `The database refused: ${error.message}. Check the user, password and database of DATABASE_URL.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
