import { setTimeout } from 'node:timers/promises';
import type { Dice } from '../random.ts';
import type { Instance } from './instance.ts';
import type { SoakDatabase } from './soak-database.ts';

const troubles = [
  'kill -9 of a service',
  'restart of a service',
  'pause of a service',
  'cut to clients',
  'cut to the database',
  'lost replies to clients',
  'lost replies of the database',
  'kill -9 of the database',
] as const;
export type Trouble = (typeof troubles)[number];

/** Makes trouble at random, each kind about as often, and puts everything right again in the end. */
export class Killer {
  readonly counts = new Map<Trouble, number>();
  readonly #dice: Dice;
  readonly #instances: readonly Instance[];
  readonly #database: SoakDatabase;
  readonly #say: (line: string) => void;
  readonly #busy = new Map<unknown, Promise<unknown>>();
  readonly #ending = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #restsUntil = new Map<unknown, number>();

  constructor(dice: Dice, instances: readonly Instance[], database: SoakDatabase, say: (line: string) => void) {
    this.#say = say;
    this.#dice = dice;
    this.#instances = instances;
    this.#database = database;
  }

  async run(): Promise<void> {
    let bag: Trouble[] = [];
    while (!this.#ending.signal.aborted) {
      if (bag.length === 0) bag = this.#shuffled(troubles);
      this.#make(bag.pop() as Trouble);
      await Promise.race([this.#pause(), this.#failed.promise]);
    }
    await Promise.race([Promise.all(this.#busy.values()), this.#failed.promise]);
  }

  /** `run` ends when every process serves again. */
  end(): void {
    this.#ending.abort();
  }

  async #pause(): Promise<void> {
    await setTimeout(200 + this.#dice.below(1_800), undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }

  /** In the background: what befalls one process lasts while others are in trouble too. */
  #make(trouble: Trouble): void {
    const victim = trouble === 'kill -9 of the database' ? this.#database : this.#dice.pick(this.#instances);
    if (this.#busy.has(victim) || this.#rests(victim)) return;
    this.counts.set(trouble, (this.counts.get(trouble) ?? 0) + 1);
    const began = performance.now();
    const done = this.#befall(trouble, victim as Instance)
      .catch((error: unknown) => this.#failed.reject(error))
      .finally(() => {
        const ms = performance.now() - began;
        this.#busy.delete(victim);
        // Longer than it was away: work shall be done meanwhile.
        const rest = victim === this.#database ? Math.max(4 * ms, this.#database.minMsBetweenKills) : 4 * ms;
        this.#restsUntil.set(victim, Date.now() + rest);
        this.#say(`${trouble}: over after ${ms.toFixed(0)} ms`);
      });
    this.#busy.set(victim, done);
  }

  async #befall(trouble: Trouble, instance: Instance): Promise<void> {
    const ms = this.#dice.below(1_000);
    switch (trouble) {
      case 'kill -9 of a service':
        return instance.kill(ms);
      case 'restart of a service':
        return instance.restart();
      case 'pause of a service':
        return instance.pause(500 + 3 * ms);
      case 'cut to clients':
        instance.cutClients();
        return;
      case 'cut to the database':
        instance.cutDatabase();
        return;
      case 'lost replies to clients':
        return instance.loseReplies(ms / 2);
      case 'lost replies of the database':
        return instance.loseDatabaseReplies(ms / 2);
      case 'kill -9 of the database':
        return this.#database.kill?.(ms);
    }
  }

  #rests(victim: unknown): boolean {
    if (victim === this.#database && !this.#database.kill) return true;
    return Date.now() < (this.#restsUntil.get(victim) ?? 0);
  }

  #shuffled(from: readonly Trouble[]): Trouble[] {
    return from
      .map((trouble) => ({ trouble, at: this.#dice.fraction() }))
      .sort((a, b) => a.at - b.at)
      .map(({ trouble }) => trouble);
  }
}
