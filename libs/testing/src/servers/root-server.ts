import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sqlStateOf } from '@tidemark/grpc-kit';
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
      // A Ctrl-C in the terminal is for whoever uses the server.
      detached: true,
    });
    await untilItAccepts(url);
  };
  const kill = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    await killTree(child.pid);
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

/**
 * As a container dies, all at once. PostgreSQL's processes have process groups of their own, and one that computes would
 * live on without the others, whose place nobody may take meanwhile.
 */
async function killTree(pid: number): Promise<void> {
  // So that it starts no more of them.
  signal(pid, 'SIGSTOP');
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  await Promise.all(children.split(' ').filter(Boolean).map(Number).map(killTree));
  signal(pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself.
    if (sqlStateOf(error) !== 'ESRCH') throw error;
  }
}
