import type { Micros } from './clock.ts';

/** What kinds of messages leave the service after the transaction that decided on them. */
export const outboxKinds = ['TRANSACTION', 'MAIL', 'ERASE_USER'] as const;
export type OutboxKind = (typeof outboxKinds)[number];

/** A message to put into the outbox. */
export interface NewMessage {
  readonly kind: OutboxKind;
  /** Messages of one kind and lane are delivered strictly in order, one lane beside another: an account's id, say. */
  readonly lane: string;
  /** As JSON: what has 64 bits goes as text. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface OutboxMessage extends NewMessage {
  /** Grows along a lane. */
  readonly id: bigint;
  /** How often it was tried in vain. */
  readonly attempts: number;
  readonly createTime: Micros;
}

/**
 * Delivers messages of one kind: those of a lane in the order given, and none behind one that failed. A message may come
 * again although it was delivered, when the word of it was lost.
 * @returns why those failed that did; the others are delivered, but for those behind a failed one of their lane
 * @throws where none was delivered
 */
export type Deliver = (messages: readonly OutboxMessage[], signal: AbortSignal) => Promise<Failures>;
export type Failures = ReadonlyMap<OutboxMessage, DeliveryFailed>;

/**
 * A message could not be delivered, and is tried again later, so many times. The text is kept with the message and shown
 * by ListDeadLetters: it holds neither addresses nor secrets.
 */
export class DeliveryFailed extends Error {
  /** How long the receiver wants to be left alone. */
  readonly retryAfterMs: number;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** It will never be taken as it is: it becomes a dead letter at once. */
export class DeliveryRejected extends DeliveryFailed {}

/** Nobody was there to take it. That says nothing of the message, which waits for as long as it takes. */
export class ReceiverAway extends DeliveryFailed {}
