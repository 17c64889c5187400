import { acceptEvent, futureTolerance, Rejected, type EventDraft, type RejectionReason } from './accept-event.ts';
import type { NewEvent } from './event.ts';
import { invalid } from './invalid-argument.ts';
import { day, type Micros } from './micros.ts';
import { oldestKept, type Retention } from './retention.ts';

export interface Rejection {
  /** The event's place in the request, from 0. */
  index: number;
  reason: RejectionReason;
  message: string;
}

/** The events of one request, sorted out. */
export interface Batch {
  /** In the order of their key, each key once. */
  readonly events: readonly NewEvent[];
  /** How many more there were with a key that is already in `events`. */
  readonly repeats: number;
  readonly rejections: readonly Rejection[];
}

export interface BatchRules {
  now: Micros;
  /** Undefined: kept for ever. */
  retention: Retention | undefined;
}

const undecodable = new Rejected(
  'PROPERTIES_INVALID',
  'The event cannot be decoded: its properties are over 32 levels deep, or its bytes are no event.',
);
const maxEvents = 5_000;
const maxSkew = day;

export const Batch = {
  parse(
    request: { events: ReadonlyArray<EventDraft | undefined>; sentAt: Micros | undefined },
    rules: BatchRules,
  ): Batch {
    const { length } = request.events;
    if (length === 0 || length > maxEvents) {
      throw invalid('events', `Holds ${length} events: send 1 to ${maxEvents} a request.`);
    }
    const limits = {
      oldest: Math.max(0, rules.retention ? oldestKept(rules.now, rules.retention) : 0),
      latest: rules.now + aheadBy(request.sentAt, rules.now) + futureTolerance,
    };
    const accepted = new Map<string, NewEvent>();
    const rejections: Rejection[] = [];
    request.events.forEach((draft, index) => {
      const event = draft ? acceptEvent(draft, limits) : undecodable;
      if (event instanceof Rejected) rejections.push({ index, reason: event.reason, message: event.message });
      else if (!accepted.has(keyOf(event))) accepted.set(keyOf(event), event);
    });
    const events = [...accepted.values()].sort(byKey);
    return { events, repeats: length - rejections.length - events.length, rejections };
  },
};

/** How far the client's clock is ahead of ours; a request on its way makes it seem behind, which changes nothing. */
function aheadBy(sentAt: Micros | undefined, now: Micros): Micros {
  if (sentAt === undefined) return 0;
  if (Math.abs(sentAt - now) > maxSkew) {
    throw invalid('sent_at', "Is over a day off the service's clock: set the clock, or leave sent_at out.");
  }
  return Math.max(0, sentAt - now);
}

function keyOf({ time, id }: NewEvent): string {
  return `${time} ${id}`;
}

/** Two writers that insert the same keys in the same order wait for each other; in any other order they can deadlock. */
function byKey(a: NewEvent, b: NewEvent): number {
  return a.time - b.time || (a.id < b.id ? -1 : 1);
}
