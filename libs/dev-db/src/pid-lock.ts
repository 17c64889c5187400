import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { DataDirLocked } from './faults.ts';

/**
 * Marks a data folder as this process's own until release() or death. PGlite has no lock: two processes on one folder
 * lose each other's acknowledged rows.
 *
 * The lock names a process by id and start time, so neither a crash nor a recycled id locks a folder for ever. It
 * appears with its content in one step (a link), so of two simultaneous openers one wins.
 *
 * @throws DataDirLocked
 */
export function lockFolder(dataDir: string, file: string): { release: () => void } {
  const mine = `${process.pid} ${startTime(process.pid)} ${randomUUID()}\n`;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, mine);
  try {
    while (!linked(draft, file)) removeIfStale(file, dataDir);
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (read(file) === mine) rmSync(file, { force: true });
    },
  };
}

function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Of several who find the same stale lock, only the one who may write its name beside it removes it. */
function removeIfStale(file: string, dataDir: string): void {
  const held = read(file);
  if (held === undefined) return;
  const [pid, started] = held.split(' ');
  if (isAlive(Number(pid), started)) throw new DataDirLocked(dataDir, Number(pid));
  const claim = `${file}.stale`;
  writeFileSync(`${claim}.${process.pid}`, `${process.pid} ${startTime(process.pid)}`);
  try {
    if (!linked(`${claim}.${process.pid}`, claim)) {
      const [claimant, since] = (read(claim) ?? '').split(' ');
      if (claimant && isAlive(Number(claimant), since)) throw new DataDirLocked(dataDir, Number(claimant));
      rmSync(claim, { force: true });
      return;
    }
    if (read(file) === held) rmSync(file, { force: true });
    rmSync(claim, { force: true });
  } finally {
    rmSync(`${claim}.${process.pid}`, { force: true });
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number, started: string | undefined): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const now = startTime(pid);
  return now !== undefined && (now === started || started === UNKNOWN || now === UNKNOWN);
}

const UNKNOWN = 'unknown';

/** Undefined: there is no such process. */
function startTime(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    if (process.platform === 'linux') {
      // Field 22, in clock ticks since boot; the name in brackets before it may hold spaces.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : (fields[19] ?? UNKNOWN);
    }
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return started.trim().replaceAll(/\s+/g, '_') || UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
