import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export interface LoggerOptions {
  name: string;
  level?: string;
  pretty?: boolean;
  /** Standard error instead, for a task whose standard output is its result. */
  toStderr?: boolean;
  /** Takes the lines instead, as JSON: for a test. */
  destination?: DestinationStream;
}

/** One JSON object a line on standard output; on a terminal, a line for people. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.name },
    serializers: { err: errorWithoutData },
  };
  if (options.destination) return pino(settings, options.destination);
  const { fd, isTTY } = options.toStderr ? process.stderr : process.stdout;
  if (!(options.pretty ?? isTTY)) return options.toStderr ? pino(settings, pino.destination(fd)) : pino(settings);
  return pino(
    settings,
    pretty({
      destination: fd,
      sync: true,
      ignore: 'service',
      messageFormat: '{service}: {msg}',
      translateTime: 'HH:MM:ss.l',
    }),
  );
}

// What PostgreSQL tells beside its message; `detail` and `where` quote whole rows.
const quotingFields = ['detail', 'where', 'hint', 'internalQuery'];

/** An error and its causes for the log, without the data that they were about. */
function errorWithoutData(error: Error): unknown {
  return withoutQuotes(stdSerializers.errWithCause(error));
}

function withoutQuotes(serialized: unknown): unknown {
  if (typeof serialized !== 'object' || serialized === null) return serialized;
  const told = Object.entries(serialized).filter(([field]) => !quotingFields.includes(field));
  return Object.fromEntries(told.map(([field, value]) => [field, field === 'cause' ? withoutQuotes(value) : value]));
}
