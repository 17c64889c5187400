import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

/** One JSON object a line on standard output; on a terminal, a line for people. */
export function createLogger(options: { name: string; level?: string; pretty?: boolean }): Logger {
  const settings = { level: options.level ?? 'info', base: { service: options.name } };
  if (!(options.pretty ?? process.stdout.isTTY)) return pino(settings);
  return pino(
    settings,
    pretty({ sync: true, ignore: 'service', messageFormat: '{service}: {msg}', translateTime: 'HH:MM:ss.l' }),
  );
}
