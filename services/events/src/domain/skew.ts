import { invalid } from './invalid-argument.ts';
import { day, minute, type Micros } from './micros.ts';

// So much the way of a request can take, which makes a clock seem to be behind.
const tolerance = minute;
const most = day;

/** How far a client's clock is off. */
export interface Skew {
  /** Positive where it is ahead. */
  readonly micros: Micros;
  /** Whether it is more than the way of the request explains, so that the times of its events are corrected by it. */
  readonly corrects: boolean;
}

/**
 * @param sentAt when the client sent the request, by its own clock; undefined: unknown, and taken for right
 * @param wasRight whether an earlier request of the stream showed the clock to be right: one that then seems to be behind
 *   was held up on its way, by the service that reads no further or by the network
 */
export function skewOf(sentAt: Micros | undefined, now: Micros, wasRight: boolean): Skew {
  const micros = sentAt === undefined ? 0 : sentAt - now;
  if (wasRight && micros < 0) return { micros: 0, corrects: false };
  if (Math.abs(micros) > most) {
    throw invalid('sent_at', "Is over a day off the service's clock: set the clock, or leave sent_at out.");
  }
  return { micros, corrects: Math.abs(micros) > tolerance };
}
