import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The memory of a process that is in RAM, in MB. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  // Where there is no /proc.
  const kilobytes =
    status === undefined ? (await run('ps', ['-o', 'rss=', '-p', String(pid)])).stdout : residentIn(status);
  return Number(kilobytes) / 1_024;
}

function residentIn(status: string): string {
  return /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? '0';
}

const intervalMs = 100;

/** The most memory that a process has while `work` is done, in MB. */
export async function peakMbDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peak = 0;
  const look = async (): Promise<void> => {
    peak = Math.max(peak, await residentMb(pid));
  };
  const timer = setInterval(() => void look(), intervalMs);
  try {
    await work();
    await look();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

/** How long a process has computed so far, in milliseconds; undefined where there is no /proc. */
export async function cpuMs(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // After the name, in parentheses, comes the third field; the 14th and 15th are the times, in hundredths of a second.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) * 10;
}
