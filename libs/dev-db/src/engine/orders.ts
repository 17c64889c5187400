import type { MessagePort } from 'node:worker_threads';

/** What the thread with the sockets tells the thread with PostgreSQL. A bare buffer is wire-protocol input. */
export type EngineOrder =
  | ArrayBuffer
  | { kind: 'admit'; session: number; user: string; startup: Map<string, string>; superuser: boolean }
  | { kind: 'enter'; session: number }
  | { kind: 'forget'; session: number }
  | { kind: 'dump'; file: string }
  | { kind: 'close' };

/** What comes back, beside bare buffers of whole wire-protocol messages. */
export type EngineEvent =
  | { kind: 'open' }
  | { kind: 'admitted'; session: number; refused?: string }
  | { kind: 'drained' }
  | { kind: 'dumped'; message?: string }
  | { kind: 'failed'; message: string }
  | { kind: 'closed' };

export interface EngineStart {
  port: MessagePort;
  signal: Int32Array;
  dataDir?: string;
  template?: string;
}

/** Places in the shared array of numbers. */
export const SIGNAL = {
  /** Counts orders; the thread sleeps on it. */
  orders: 0,
  /** Bytes of input taken, modulo 2^32. */
  consumed: 1,
  /** 1: tell 'drained' when there is nothing left to do. */
  wantsDrained: 2,
} as const;
