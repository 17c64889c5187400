import { acceptEvent, Rejected, type EventDraft, type RejectionReason } from './accept-event.ts';
import type { NewEvent } from './event.ts';
import { invalid } from './invalid-argument.ts';
import type { IpMode } from './ip-address.ts';
import type { Micros } from './micros.ts';
import { oldestKept, type Retention } from './retention.ts';
import { skewOf, type Skew } from './skew.ts';

export interface Rejection {
  /** The event's place in the request, from 0. */
  index: number;
  reason: RejectionReason;
  message: string;
}

/** The events of one request, sorted out. */
export interface Batch {
  readonly events: readonly NewEvent[];
  readonly rejections: readonly Rejection[];
  readonly skew: Skew;
}

export interface BatchRules {
  /** When the request was received. */
  now: Micros;
  /** Undefined: kept for ever. */
  retention: Retention | undefined;
  ipMode: IpMode;
  /** Whether the client's clock was right when the stream began. */
  wasRight?: boolean;
}

const undecodable = new Rejected(
  'PROPERTIES_INVALID',
  'The event cannot be decoded: its properties are over 32 levels deep, or its bytes are no event.',
);
/** So many a request. */
export const maxEvents = 5_000;

export const Batch = {
  parse(
    request: { events: ReadonlyArray<EventDraft | undefined>; count: number; sentAt: Micros | undefined },
    { now, retention, ipMode, wasRight = false }: BatchRules,
  ): Batch {
    const { count } = request;
    if (count === 0 || count > maxEvents) {
      throw invalid('events', `Holds ${count} events: send 1 to ${maxEvents} a request.`);
    }
    const skew = skewOf(request.sentAt, now, wasRight);
    const rules = { now, skew, ipMode, oldest: Math.max(0, retention ? oldestKept(now, retention) : 0) };
    const events: NewEvent[] = [];
    const rejections: Rejection[] = [];
    request.events.forEach((draft, index) => {
      const event = draft ? acceptEvent(draft, rules) : undecodable;
      if (event instanceof Rejected) rejections.push({ index, reason: event.reason, message: event.message });
      else events.push(event);
    });
    return { events, rejections, skew };
  },
};
