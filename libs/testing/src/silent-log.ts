import { createLogger, type Logger } from '@tidemark/grpc-kit';

/** For services under test, whose log lines would bury the report. TEST_LOG_LEVEL=debug shows them. */
export function silentLog(name: string): Logger {
  return createLogger({ name, level: process.env['TEST_LOG_LEVEL'] ?? 'silent', pretty: false });
}
