import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Server } from './server.ts';
import { serverSettings } from './server-settings.ts';
import { untilItAccepts } from './until-it-accepts.ts';

/**
 * TimescaleDB in the root folder of a Debian, as the image made of it would run: for where there is no container engine.
 * It takes root's rights.
 */
export async function rootServer(root: string): Promise<Server> {
  const port = await freePort();
  const dataDir = `/var/lib/postgresql/${randomUUID()}`;
  const url = `postgresql://postgres:for-tests@127.0.0.1:${port}/postgres`;
  let running: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    running = spawn('chroot', [root, '/usr/local/bin/database-entrypoint', 'postgres', ...serverSettings], {
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        PGDATA: dataDir,
        PGPORT: String(port),
        POSTGRES_PASSWORD: 'for-tests',
      },
      stdio: 'ignore',
      // Its own process group, which holds PostgreSQL's children too.
      detached: true,
    });
    await untilItAccepts(url);
  };
  const kill = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child?.pid === undefined) return;
    const exited = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await exited;
  };
  await start();
  return {
    url,
    kill,
    start,
    async stop() {
      await kill();
      await rm(join(root, dataDir), { recursive: true, force: true });
    },
  };
}
