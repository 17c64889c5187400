import { randomUUID } from 'node:crypto';
import { appendFileSync, openSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What a test run keeps of what services under test say, to look through it at the end. */
export interface Kept {
  /** Where it was said: "log", "error". */
  readonly channel: string;
  /** The test that it was said in. */
  readonly test: string;
  readonly text: string;
}

/** The folder that the run keeps it in; undefined: it keeps nothing. */
export function keptOutputDir(): string | undefined {
  return process.env['TEST_OUTPUT_DIR'];
}

/** Adds to what is kept, if anything is. */
export function keepOutput(channel: string, text: string): void {
  const dir = keptOutputDir();
  if (dir === undefined) return;
  const kept: Kept = { channel, test: runningTest(), text };
  appendFileSync(join(dir, `${process.pid}.jsonl`), `${JSON.stringify(kept)}\n`);
}

/** A file that a process's lines are kept in, open for it; "ignore", as an entry of `stdio`, if nothing is kept. */
export function keptLog(): number | 'ignore' {
  const dir = keptOutputDir();
  return dir === undefined ? 'ignore' : openSync(join(dir, `${testFile()} ${randomUUID()}.log`), 'a');
}

function runningTest(): string {
  return typeof expect === 'undefined' ? '' : `${testFile()} ${expect.getState().currentTestName ?? ''}`.trim();
}

function testFile(): string {
  return typeof expect === 'undefined' ? '' : basename(expect.getState().testPath ?? '');
}
