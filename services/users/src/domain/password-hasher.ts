import { hash, verify, type Options } from '@node-rs/argon2';
import { AtMost } from './at-most.ts';

/** The cost of a hash (https://www.rfc-editor.org/rfc/rfc9106). */
export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** How many hashes are worked on at once, on libuv's threads, and how many calls may wait for that. */
export interface HashingPool {
  readonly atOnce: number;
  readonly maxWaiting: number;
}

/** Which part of the hashes that are kept, from 0 to 1, has a cost. */
export interface CostShare {
  readonly cost: Argon2Cost;
  readonly share: number;
}

/** Checked instead of a hash by those whose name falls below `below`. */
interface Decoy {
  readonly hash: string;
  readonly below: number;
}

/** Makes and checks argon2id hashes, a few at once. */
export class PasswordHasher {
  readonly #cost: Argon2Cost;
  readonly #slots: AtMost;
  #decoys: readonly Decoy[] = [];

  private constructor(cost: Argon2Cost, pool: HashingPool) {
    this.#cost = cost;
    this.#slots = new AtMost(pool);
  }

  static async create(cost: Argon2Cost, pool: HashingPool): Promise<PasswordHasher> {
    const hasher = new PasswordHasher(cost, pool);
    await hasher.resemble([]);
    return hasher;
  }

  /**
   * Spreads the work for those who have no hash over the costs as that for the others is spread. Each name keeps its
   * cost, and goes over to the configured one, which is last, as hashes do when their password was right.
   */
  async resemble(shares: readonly CostShare[]): Promise<void> {
    const configured = textOf(this.#cost);
    const others = shares.filter(({ cost }) => textOf(cost) !== configured);
    const decoys: Decoy[] = [];
    let below = 0;
    for (const { cost, share } of others.sort((a, b) => textOf(a.cost).localeCompare(textOf(b.cost)))) {
      below += share;
      decoys.push({ hash: await decoyOf(cost), below });
    }
    this.#decoys = [...decoys, { hash: await decoyOf(this.#cost), below: Infinity }];
  }

  async hash(password: string, signal: AbortSignal): Promise<string> {
    return this.#slots.run(signal, () => hash(password, optionsOf(this.#cost)));
  }

  /**
   * Without a hash it does the same work and says no, so that time does not tell who has a password.
   * @param name a number from 0 to 1 that is always the same for this user's name
   */
  async verify(
    { passwordHash, name }: { passwordHash: string | undefined; name: number },
    password: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const decoy = this.#decoys.find(({ below }) => name < below)?.hash ?? '';
    const right = await this.#slots.run(signal, () => verify(passwordHash ?? decoy, password));
    return right && passwordHash !== undefined;
  }

  /** Whether it has another cost than hashes that are made now. */
  isOutdated(passwordHash: string): boolean {
    const cost = costOf(passwordHash);
    return cost === undefined || textOf(cost) !== textOf(this.#cost);
  }
}

const costForm = /m=(\d+),t=(\d+),p=(\d+)/;

/** The cost in the form that argon2 writes into a hash, "m=19456,t=2,p=1". */
export function costOf(text: string): Argon2Cost | undefined {
  const [, memoryKib, passes, lanes] = costForm.exec(text) ?? [];
  return lanes === undefined
    ? undefined
    : { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) };
}

function textOf({ memoryKib, passes, lanes }: Argon2Cost): string {
  return `m=${memoryKib},t=${passes},p=${lanes}`;
}

function decoyOf(cost: Argon2Cost): Promise<string> {
  return hash('nobody has this password', optionsOf(cost));
}

function optionsOf({ memoryKib, passes, lanes }: Argon2Cost): Options {
  return { memoryCost: memoryKib, timeCost: passes, parallelism: lanes };
}
