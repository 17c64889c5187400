import { format } from 'node:util';
import { keepOutput } from '@tidemark/testing';

// Runs before each test file, and keeps what is written to the console, by libraries under the services as well.

for (const method of ['debug', 'log', 'info', 'warn', 'error', 'trace'] as const) {
  const write = console[method].bind(console);
  console[method] = (...parts: unknown[]) => {
    keepOutput('console', format(...parts));
    write(...parts);
  };
}
