import { inspect } from 'node:util';
import type { Client } from 'pg';
import type { Mailbox } from '../mailbox.ts';

export interface Listener {
  readonly port: number;
  readonly sql: Client;
  readonly box: Mailbox;
}

export interface Told {
  /** What must be nowhere, by what it is. */
  readonly planted: Readonly<Record<string, string>>;
  /** All that callers were told of failures. */
  readonly errors: readonly string[];
}

/** Calls a service with planted values, so that it succeeds and so that it fails. */
export type Conversation = (listener: Listener) => Promise<Told>;

/** Runs a call that must fail. @returns all that its error holds */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('the call must fail');
  const { metadata } =
    (error as { cause?: { cause?: unknown; metadata?: { get(key: string): unknown[] } } }).cause ?? {};
  const details = metadata?.get('grpc-status-details-bin').map((value) => String(value)) ?? [];
  return [inspect(error, { depth: 10 }), ...details].join('\n');
}
