import { pino, stdSerializers, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

/** One JSON object a line on standard output; on a terminal, a line for people. */
export function createLogger(options: { name: string; level?: string; pretty?: boolean }): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.name },
    serializers: { err: errorWithoutData },
  };
  if (!(options.pretty ?? process.stdout.isTTY)) return pino(settings);
  return pino(
    settings,
    pretty({ sync: true, ignore: 'service', messageFormat: '{service}: {msg}', translateTime: 'HH:MM:ss.l' }),
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
