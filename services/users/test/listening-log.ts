import type { Logger } from '@tidemark/grpc-kit';
import { silentLog } from '@tidemark/testing';

const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** A log that also shows a test its lines: what each was called with. */
export function listeningLog(): { log: Logger; lines: unknown[][] } {
  const log = silentLog('users');
  const lines: unknown[][] = [];
  for (const level of levels) {
    const write: (...parts: unknown[]) => void = log[level].bind(log);
    log[level] = (...parts: unknown[]) => {
      lines.push(parts);
      write(...parts);
    };
  }
  return { log, lines };
}
