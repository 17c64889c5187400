import { setTimeout } from 'node:timers/promises';
import { lastingServer, realServer } from '../servers/own-server.ts';
import { ownDatabase } from './own-database.ts';

/** The database of a soak. */
export interface SoakDatabase {
  readonly url: string;
  /** kill -9, and started again on the same data; absent on a server that is not ours to kill. */
  kill?(downMs: number): Promise<void>;
  readonly minMsBetweenKills: number;
  stop(): Promise<void>;
}

/**
 * A database of its own on a server that others use too, which lives on; or, without `serverUrl`, on a server of its own
 * that may be killed: a real one where one can be started, else the embedded one.
 */
export async function soakDatabase(serverUrl: string | undefined): Promise<SoakDatabase> {
  if (serverUrl !== undefined) {
    return { ...(await ownDatabase(serverUrl, 'tidemark_soak')), minMsBetweenKills: Infinity };
  }
  const server = await lastingServer();
  return {
    url: server.url,
    async kill(downMs) {
      await server.kill();
      await setTimeout(downMs);
      await server.start();
    },
    // The embedded database gives up at its fifth crash within a minute.
    minMsBetweenKills: realServer ? 4_000 : 16_000,
    stop: () => server.stop(),
  };
}
