import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kept } from '@tidemark/testing';
import { findLeaks, type Leak } from './find-leaks.ts';

/** The leaks in what is kept in a folder. */
export function readLeaks(dir: string): Leak[] {
  return findLeaks(readKept(dir));
}

function* readKept(dir: string): Iterable<Kept> {
  for (const file of readdirSync(dir)) {
    const lines = readFileSync(join(dir, file), 'utf8').split('\n');
    for (const line of lines.filter((each) => each !== '')) {
      // A process writes its lines as they are, to a file that is named by the test that started it.
      if (file.endsWith('.jsonl')) yield JSON.parse(line) as Kept;
      else yield { channel: 'log', test: file, text: line };
    }
  }
}
