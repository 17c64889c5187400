import { status } from '@grpc/grpc-js';
import { databaseUnavailable } from './database-faults.ts';
import { PageTokenInvalid } from './page-token.ts';

/** What a caller is told of a failure: a gRPC status and the details of https://google.aip.dev/193. */
export interface Fault {
  code: status;
  /** UPPER_SNAKE_CASE, listed in docs/errors.md. */
  reason: string;
  /** For a developer: what is wrong and what to do. Nothing internal. */
  message: string;
  fields?: readonly FieldViolation[];
  metadata?: Readonly<Record<string, string>>;
  /** Where trying again helps: after how long, in milliseconds. */
  retryAfterMs?: number;
}

export interface FieldViolation {
  /** The path of the field in the request, such as `range.start`. */
  field: string;
  description: string;
}

/** One line of a service's table: which error becomes which fault. */
export interface FaultRule {
  readonly code: status;
  readonly reason: string;
  /** The fault, or undefined where the rule is not about this error. */
  match(error: unknown): Fault | undefined;
}

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;
interface Description<E extends Error> {
  code: status;
  reason: string;
  /** Absent: the error's own message. */
  message?: (error: E) => string;
  fields?: (error: E) => readonly FieldViolation[];
  metadata?: (error: E) => Record<string, string>;
  retryAfterMs?: number | ((error: E) => number);
}

/** A rule for every error of a class. */
export function on<E extends Error>(type: ErrorClass<E>, rule: Description<E>): FaultRule {
  const { code, reason, retryAfterMs } = rule;
  return {
    code,
    reason,
    match(error) {
      if (!(error instanceof type)) return undefined;
      return {
        code,
        reason,
        message: rule.message?.(error) ?? error.message,
        ...(rule.fields && { fields: rule.fields(error) }),
        ...(rule.metadata && { metadata: rule.metadata(error) }),
        ...(retryAfterMs !== undefined && {
          retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : retryAfterMs(error),
        }),
      };
    },
  };
}

/** The request could not be decoded. */
export class MalformedRequest extends Error {}

/** The service is on its way out and took nothing of this. */
export class ShuttingDown extends Error {}

/** The faults that any service can answer. */
export const kitFaults: readonly FaultRule[] = [
  on(MalformedRequest, {
    code: status.INVALID_ARGUMENT,
    reason: 'REQUEST_MALFORMED',
    message: () => 'The request is not a valid encoding of its message.',
  }),
  on(PageTokenInvalid, {
    code: status.INVALID_ARGUMENT,
    reason: 'PAGE_TOKEN_INVALID',
    fields: (error) => [{ field: 'page_token', description: error.message }],
  }),
  databaseUnavailable,
  on(ShuttingDown, {
    code: status.UNAVAILABLE,
    reason: 'SHUTTING_DOWN',
    message: () => 'The service is shutting down. Send again what has no reply.',
    retryAfterMs: 1_000,
  }),
];

const internal: Fault = {
  code: status.INTERNAL,
  reason: 'INTERNAL',
  message: 'Something went wrong inside the service.',
};

/** The first rule that knows the error decides; an error that none knows is INTERNAL and shows nothing of itself. */
export function faultOf(error: unknown, rules: readonly FaultRule[]): Fault {
  for (const rule of rules) {
    const fault = rule.match(error);
    if (fault) return fault;
  }
  return internal;
}
