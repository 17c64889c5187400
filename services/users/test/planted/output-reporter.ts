import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Leak } from './find-leaks.ts';
import { readLeaks } from './read-leaks.ts';

/** Keeps all that services under test say in a run of jest, and fails the run when a secret or an address is in it. */
export default class OutputReporter {
  #dir = '';
  #failure: Error | undefined;

  onRunStart(): void {
    this.#dir = mkdtempSync(join(tmpdir(), 'tidemark-output-'));
    // The workers start after this, and inherit it.
    process.env['TEST_OUTPUT_DIR'] = this.#dir;
  }

  onRunComplete(): void {
    const leaks = readLeaks(this.#dir);
    rmSync(this.#dir, { recursive: true });
    if (leaks.length === 0) return;
    this.#failure = new Error(reportOf(leaks));
    process.stderr.write(`\n${this.#failure.message}\n`);
  }

  /** Jest fails a run of which a reporter has one. */
  getLastError(): Error | undefined {
    return this.#failure;
  }
}

const most = 20;

/** One of each kind and test: a leak that is there comes often. */
function reportOf(leaks: readonly Leak[]): string {
  const each = new Map(leaks.map(({ what, channel, test, around }) => [`${what} in ${channel} of ${test}`, around]));
  const lines = [...each].slice(0, most).map(([where, around]) => `${where}\n  ${around}`);
  const more = each.size > most ? [`and ${each.size - most} more`] : [];
  return ['What services under test said has secrets or addresses in it:', ...lines, ...more].join('\n');
}
