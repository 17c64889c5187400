import { createLogger, type Logger } from '@tidemark/grpc-kit';
import { keepOutput, keptOutputDir } from './kept-output.ts';

/**
 * For services under test, whose log lines would bury the report. TEST_LOG_LEVEL=debug shows them; a run that keeps
 * output keeps all of them.
 */
export function silentLog(name: string): Logger {
  const shown = process.env['TEST_LOG_LEVEL'];
  const level = shown ?? (keptOutputDir() === undefined ? 'silent' : 'trace');
  const write = (line: string): void => {
    keepOutput('log', line);
    if (shown !== undefined) process.stdout.write(line);
  };
  return createLogger({ name, level, destination: { write } });
}
