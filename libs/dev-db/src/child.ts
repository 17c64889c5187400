/*
 * The database process. It belongs to its parent: it takes orders over the IPC channel alone, and goes when that closes,
 * also when the parent was killed.
 */
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from './engine/engine.ts';
import { DataDirLocked } from './faults.ts';
import { Jobs } from './jobs.ts';
import { lockFolder } from './pid-lock.ts';
import type { ChildOptions, Order, Report } from './protocol.ts';
import { Server } from './server.ts';

// Ctrl-C reaches the whole process group. The services drain first; then the parent gives the order to stop.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});

const options = JSON.parse(process.argv[2] ?? '') as ChildOptions;
let folder: Awaited<ReturnType<typeof openFolder>> | undefined;
if (options.dataDir !== undefined) folder = await openFolder(options.dataDir);
process.on('exit', () => folder?.release());
process.on('disconnect', leave);
if (!process.connected) leave();

const engine = await Engine.open({
  ...(folder ? { dataDir: folder.files } : {}),
  ...(options.template !== undefined && (!folder || folder.isNew) ? { template: options.template } : {}),
}).catch((error: unknown) => end({ kind: 'start-failed', message: messageOf(error) }));
folder?.finished();
engine.onFatal = (message) => void end({ kind: 'fatal', message });

const server = new Server(engine, options);
const port = await server
  .listen(options.port)
  .catch((error: unknown) =>
    end(
      codeOf(error) === 'EADDRINUSE'
        ? { kind: 'port-taken', port: options.port }
        : { kind: 'start-failed', message: messageOf(error) },
    ),
  );
const jobs = new Jobs(server, options.jobIntervalMs, (job, message) => report({ kind: 'job-failed', job, message }));
process.on('message', (order: Order) => void obey(order));
report({ kind: 'ready', port });

async function obey(order: Order): Promise<void> {
  if (order.kind === 'snapshot') {
    const failure = await server.snapshot(order.file).then(() => undefined, messageOf);
    report({ kind: 'snapshot-taken', id: order.id, ...(failure === undefined ? {} : { message: failure }) });
    return;
  }
  jobs.stop();
  await server.close();
  await engine.close();
  process.exit(0);
}

/** The folder holds the lock beside PostgreSQL's files, and a mark while those are being made. */
async function openFolder(dataDir: string) {
  try {
    mkdirSync(dataDir, { recursive: true });
    const root = realpathSync(dataDir);
    const lock = lockFolder(dataDir, join(root, 'lock'));
    const files = join(root, 'postgres');
    const unfinished = join(root, 'unfinished');
    // Killed half-way through making it: nothing in it was ever acknowledged.
    if (existsSync(unfinished)) rmSync(files, { recursive: true, force: true });
    const isNew = !existsSync(join(files, 'PG_VERSION'));
    if (isNew) writeFileSync(unfinished, '');
    mkdirSync(files, { recursive: true });
    return { files, isNew, release: lock.release, finished: () => rmSync(unfinished, { force: true }) };
  } catch (error) {
    if (error instanceof DataDirLocked) return end({ kind: 'locked', dataDir, pid: error.pid });
    return end({ kind: 'start-failed', message: `${dataDir} cannot be its data folder: ${remark(error)}` });
  }
}

function remark(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (['EEXIST', 'ENOTDIR'].includes(code)) return 'it is not a folder, or is below what is none.';
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return `it may not be written to (${code}).`;
  return messageOf(error);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function report(message: Report): void {
  if (process.connected) process.send?.(message);
}

/** Reports, and leaves once the parent has the message; nothing after it runs. */
function end(message: Report): Promise<never> {
  if (process.connected) process.send?.(message, leave);
  else leave();
  return new Promise(() => {});
}

/** At once: process.exit() would wait for the thread with PostgreSQL, which may be in a statement without end. */
function leave(): void {
  folder?.release();
  process.kill(process.pid, 'SIGKILL');
}
