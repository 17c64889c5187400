/** What the supervisor sends its child over the IPC channel. */
export type Order = { kind: 'snapshot'; id: number; file: string } | { kind: 'stop' };

/** What the child reports. */
export type Report =
  | { kind: 'ready'; port: number }
  | { kind: 'locked'; dataDir: string; pid: number }
  | { kind: 'port-taken'; port: number }
  | { kind: 'start-failed'; message: string }
  | { kind: 'snapshot-taken'; id: number; message?: string }
  | { kind: 'job-failed'; job: number; message: string }
  | { kind: 'fatal'; message: string };

export interface ChildOptions {
  dataDir?: string;
  port: number;
  template?: string;
  jobIntervalMs: number | false;
  waitLimitMs: number;
  idleInTransactionLimitMs: number;
}

/** A snapshot is written here until it is whole. */
export function partOf(snapshot: string): string {
  return `${snapshot}.part`;
}
