import { start, type DevDatabaseEvent } from '@tidemark/dev-db';
import { StartupError } from '@tidemark/grpc-kit';
import type { StartConfig } from './config.ts';

export interface OpenDatabase {
  readonly url: string;
  readonly embedded: boolean;
  stop(): Promise<void>;
}

/** The server that DATABASE_URL names, or else the embedded one on the data folder. */
export async function openDatabase(config: StartConfig, onGaveUp: (why: string) => void): Promise<OpenDatabase> {
  if (config.databaseUrl) return { url: config.databaseUrl, embedded: false, stop: () => Promise.resolve() };
  const onEvent = (event: DevDatabaseEvent): void => {
    if (event.kind === 'gave-up') onGaveUp(`The embedded database stopped: ${event.reason}`);
    if (event.kind === 'restarted') process.stderr.write(`The embedded database was restarted: ${event.reason}\n`);
    if (event.kind === 'job-failed') process.stderr.write(`TimescaleDB job ${event.job} failed: ${event.message}\n`);
  };
  const database = await start({ dataDir: config.dataDir, onEvent }).catch((cause: unknown) => {
    throw new StartupError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  return { url: database.url, embedded: true, stop: () => database.stop() };
}
