import { Event } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import { random, type Dice } from '@tidemark/testing';
import { pages, referrers, userAgents } from './vocabulary.ts';

export interface MadeEvents {
  seed: number;
  count: number;
  /** The times are spread evenly from here, in microseconds, */
  start: number;
  /** to here. */
  end: number;
}

const eventsOfVisit = 8;
const visitsAtOnce = 500;

/** Events as a website has them: visits of several pages, by a browser and an address each; in the order of time. */
export function* madeEvents({ seed, count, start, end }: MadeEvents): Generator<Event> {
  const dice = random(seed);
  const visits = Array.from({ length: visitsAtOnce }, () => newVisit(dice));
  const step = (end - start) / count;
  for (let number = 0; number < count; number++) {
    const slot = dice.below(visitsAtOnce);
    if (dice.below(eventsOfVisit) === 0) visits[slot] = newVisit(dice);
    yield eventOf(visits[slot] as Visit, Math.floor(start + number * step), dice);
  }
}

interface Visit {
  userAgent: string;
  ipAddress: string;
  referrer: string;
  sessionId: string;
  userId: string;
}

function newVisit(dice: Dice): Visit {
  return {
    userAgent: dice.pick(userAgents),
    ipAddress: flat(`${20 + dice.below(180)}.${dice.below(256)}.${dice.below(256)}.${dice.below(256)}`),
    referrer: dice.pick(referrers),
    sessionId: flat(hex(dice) + hex(dice) + hex(dice)),
    userId: dice.below(3) === 0 ? `user-${dice.below(20_000)}` : '',
  };
}

function eventOf(visit: Visit, time: number, dice: Dice): Event {
  const durationMs = dice.below(4) === 0 ? undefined : dice.below(30_000);
  return Event.fromPartial({
    ...visit,
    id: uuidAt(time, dice),
    time: timestampOf(time),
    page: dice.pick(pages),
    duration: durationMs === undefined ? undefined : durationOfMs(durationMs),
    properties: dice.below(4) === 0 ? { status: 200, variant: dice.pick(variants) } : undefined,
  });
}

const variants = ['control', 'short form', 'long form'];

function durationOfMs(ms: number): NonNullable<Event['duration']> {
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}

/** A UUID of version 7. */
export function uuidAt(time: number, dice: Dice): string {
  const ms = Math.floor(time / 1_000)
    .toString(16)
    .padStart(12, '0');
  const [a, b, c] = [hex(dice), hex(dice), hex(dice)];
  return flat(`${ms.slice(0, 8)}-${ms.slice(8)}-7${a.slice(0, 3)}-8${a.slice(3, 6)}-${a.slice(6)}${b}${c.slice(0, 2)}`);
}

/** V8 puts a concatenated text together when it is first read, which is not to be measured as work of the client. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function hex(dice: Dice): string {
  return Math.floor(dice.fraction() * 4_294_967_296)
    .toString(16)
    .padStart(8, '0');
}
