import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '@tidemark/dev-db';
import { containerServer } from './container-server.ts';
import { rootServer } from './root-server.ts';
import type { Environment } from '@tidemark/grpc-kit';
import type { MortalServer, Server } from './server.ts';
import { untilItAccepts } from './until-it-accepts.ts';

/** Starts a real server that is the caller's alone; undefined where the tests do not run on one that they can start. */
export const realServer: (() => Promise<Server>) | undefined = realServerOf(process.env);

/** A server that is the caller's alone, empty: a real one where the tests run on one, else an embedded database. */
export function ownServer(): Promise<MortalServer> {
  return realServer ? realServer() : embeddedServer();
}

/** The same whose data outlives it: an embedded database then keeps it in a folder, which goes with `stop()`. */
export function lastingServer(): Promise<Server> {
  return realServer ? realServer() : embeddedServerInFolder();
}

/** In a container of TIMESCALE_IMAGE or, without it, from the root folder of a Debian that TIMESCALE_ROOT names. */
export function realServerOf({
  TIMESCALE_IMAGE: image,
  TIMESCALE_ROOT: root,
}: Environment): (() => Promise<Server>) | undefined {
  if (image) return () => containerServer(image);
  if (root) return () => rootServer(root);
  return undefined;
}

async function embeddedServer(): Promise<MortalServer> {
  const database = await start({ jobIntervalMs: false });
  return {
    url: database.url,
    kill: () => {
      process.kill(database.pid, 'SIGKILL');
      return Promise.resolve();
    },
    stop: () => database.stop(),
  };
}

async function embeddedServerInFolder(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-'));
  const database = await start({ dataDir, jobIntervalMs: false });
  return {
    url: database.url,
    kill: () => {
      process.kill(database.pid, 'SIGKILL');
      return Promise.resolve();
    },
    // It comes back by itself.
    start: () => untilItAccepts(database.url),
    async stop() {
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
