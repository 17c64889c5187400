import { hash, verify, type Options } from '@node-rs/argon2';
import { AtMost } from './at-most.ts';

/** The cost of a hash (https://www.rfc-editor.org/rfc/rfc9106). */
export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

// Hashes run on libuv's four threads, which files and name look-ups also need.
const hashesAtOnce = 2;

/** Makes and checks argon2id hashes, a few at once. */
export class PasswordHasher {
  readonly #options: Options;
  readonly #decoy: string;
  readonly #slots = new AtMost(hashesAtOnce);

  private constructor(options: Options, decoy: string) {
    this.#options = options;
    this.#decoy = decoy;
  }

  static async create({ memoryKib, passes, lanes }: Argon2Cost): Promise<PasswordHasher> {
    const options = { memoryCost: memoryKib, timeCost: passes, parallelism: lanes };
    return new PasswordHasher(options, await hash('nobody has this password', options));
  }

  async hash(password: string, signal: AbortSignal): Promise<string> {
    return this.#slots.run(signal, () => hash(password, this.#options));
  }

  /** Without a hash it does the same work and says no, so that time does not tell who has a password. */
  async verify(passwordHash: string | undefined, password: string, signal: AbortSignal): Promise<boolean> {
    const right = await this.#slots.run(signal, () => verify(passwordHash ?? this.#decoy, password));
    return right && passwordHash !== undefined;
  }
}
