import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cannotRead, type Input } from './input.ts';

/** Copies of inputs that can be read only once, such as standard input and pipes, so that they can be read twice. */
export class Spool {
  #folder: string | undefined;
  #count = 0;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** The input itself where it can be read twice. */
  async repeatable(input: Input): Promise<Input> {
    if (input.size !== undefined) return input;
    this.#folder ??= await mkdtemp(join(tmpdir(), 'tidemark-import-'));
    const path = join(this.#folder, String((this.#count += 1)));
    // A log holds addresses of people: nobody else on this machine may read the copy.
    await pipeline(input.open(), createWriteStream(path, { mode: 0o600 }), { signal: this.#signal }).catch(
      (error: unknown) => {
        throw cannotRead(input.name, error);
      },
    );
    const { size } = await stat(path);
    return { name: input.name, size, open: () => createReadStream(path, { signal: this.#signal }) };
  }

  async remove(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
