import { isBot } from './bots.ts';
import { charactersIn } from './characters.ts';
import type { NewEvent } from './event.ts';
import { isIpAddress, keptAddress, type IpMode } from './ip-address.ts';
import { day, minute, type Micros } from './micros.ts';
import { problemOfProperties } from './properties.ts';
import type { Skew } from './skew.ts';
import { isUuid, timeOfUuid } from './uuid.ts';

/** An event as a client sent it: empty text is an absent field. */
export interface EventDraft {
  id: string;
  /** Undefined: the time inside the id. Null: malformed. */
  time: Micros | undefined | null;
  page: string;
  userAgent: string;
  ipAddress: string;
  referrer: string;
  sessionId: string;
  userId: string;
  /** Null: malformed. */
  duration: Micros | undefined | null;
  properties: Record<string, unknown> | undefined;
  /** The size of the message as it was sent. */
  encodedBytes: number;
}

/** What holds for all events of a request. */
export interface AcceptanceRules {
  /** When the service received it. */
  now: Micros;
  /** The oldest time that is kept. */
  oldest: Micros;
  skew: Skew;
  ipMode: IpMode;
}

export type RejectionReason =
  | 'ID_INVALID'
  | 'TIME_TOO_OLD'
  | 'TIME_IN_FUTURE'
  | 'PAGE_REQUIRED'
  | 'FIELD_TOO_LONG'
  | 'EVENT_TOO_LARGE'
  | 'IP_INVALID'
  | 'DURATION_INVALID'
  | 'PROPERTIES_INVALID'
  | 'FIELD_INVALID';

/** Why one event is refused. It is returned and not thrown: one bad event never costs its neighbours. */
export class Rejected {
  readonly reason: RejectionReason;
  readonly message: string;

  constructor(reason: RejectionReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}

/** How far ahead of the service's clock an event may be. */
const futureTolerance = 5 * minute;
const longestDuration = 366 * day;
const maxEventBytes = 32 * 1_024;

export function acceptEvent(draft: EventDraft, rules: AcceptanceRules): NewEvent | Rejected {
  const given = givenTime(draft);
  if (given instanceof Rejected) return given;
  const time = rules.skew.corrects ? given - rules.skew.micros : given;
  const problem =
    problemOfTime(time, rules) ??
    problemOfTexts(draft) ??
    problemOfIp(draft.ipAddress) ??
    problemOfDuration(draft.duration);
  if (problem) return problem;
  if (draft.encodedBytes > maxEventBytes) {
    return new Rejected('EVENT_TOO_LARGE', 'The event is over 32 KB encoded: shorten its texts or properties.');
  }
  const properties = acceptProperties(draft.properties);
  if (properties instanceof Rejected) return properties;
  return {
    id: draft.id.toLowerCase(),
    time,
    receivedTime: rules.now,
    page: draft.page,
    userAgent: draft.userAgent || null,
    ipAddress: keptAddress(draft.ipAddress, rules.ipMode),
    referrer: draft.referrer || null,
    sessionId: draft.sessionId || null,
    userId: draft.userId || null,
    duration: draft.duration ?? null,
    properties,
    isBot: isBot(draft.userAgent),
    originalTime: rules.skew.corrects ? given : null,
  };
}

function givenTime({ id, time: given }: EventDraft): Micros | Rejected {
  if (!isUuid(id)) {
    const remedy = 'send a UUID, best of version 7, so that a retry is told from a new event.';
    return new Rejected('ID_INVALID', id === '' ? `id is absent: ${remedy}` : `id is no UUID: ${remedy}`);
  }
  if (given === null) return new Rejected('FIELD_INVALID', 'time is malformed: nanos must be from 0 to 999,999,999.');
  const time = given ?? timeOfUuid(id);
  if (time !== undefined) return time;
  return new Rejected('ID_INVALID', 'time is absent and id is not of version 7: send a time, or an id that holds one.');
}

function problemOfTime(time: Micros, { now, oldest, skew }: AcceptanceRules): Rejected | undefined {
  if (time < oldest) return new Rejected('TIME_TOO_OLD', `time is before ${iso(oldest)}, the oldest that is kept.`);
  // A clock that is a little ahead is not corrected, but allowed for.
  const ahead = skew.corrects ? 0 : Math.max(0, skew.micros);
  if (time <= now + ahead + futureTolerance) return undefined;
  return new Rejected('TIME_IN_FUTURE', 'time is over 5 minutes ahead of the service: set the clock, or send sent_at.');
}

function problemOfTexts({ page, userAgent, referrer, sessionId, userId }: EventDraft): Rejected | undefined {
  if (page === '') return new Rejected('PAGE_REQUIRED', 'page is absent: say what was viewed or done.');
  return (
    problemOfText('page', page, longText) ??
    problemOfText('user_agent', userAgent, longText) ??
    problemOfText('referrer', referrer, longText) ??
    problemOfText('session_id', sessionId, shortText) ??
    problemOfText('user_id', userId, shortText)
  );
}

const longText = 4_096;
const shortText = 256;

function problemOfText(field: string, text: string, limit: number): Rejected | undefined {
  if (text.length > limit && charactersIn(text) > limit) {
    return new Rejected('FIELD_TOO_LONG', `${field} is over ${limit} characters: shorten it.`);
  }
  return text.includes('\0') ? new Rejected('FIELD_INVALID', `${field} holds a NUL: remove it.`) : undefined;
}

function problemOfIp(address: string): Rejected | undefined {
  if (address === '' || isIpAddress(address)) return undefined;
  return new Rejected(
    'IP_INVALID',
    'ip_address is neither an IPv4 nor an IPv6 address: send it without port and mask.',
  );
}

function problemOfDuration(duration: Micros | undefined | null): Rejected | undefined {
  if (duration === undefined) return undefined;
  if (duration !== null && duration >= 0 && duration <= longestDuration) return undefined;
  return new Rejected('DURATION_INVALID', 'duration must be well-formed and from 0 to 366 days.');
}

function acceptProperties(properties: EventDraft['properties']): string | null | Rejected {
  if (properties === undefined) return null;
  const problem = problemOfProperties(properties);
  return problem ? new Rejected('PROPERTIES_INVALID', problem) : JSON.stringify(properties);
}

function iso(time: Micros): string {
  return new Date(Math.ceil(time / 1_000)).toISOString();
}
