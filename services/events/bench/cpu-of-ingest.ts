import { median, type Outcome, round } from '@tidemark/testing/bench';
import type { Bench } from './bench.ts';
import { cpuMs } from '../rig/process-usage.ts';

/** What an event costs the service and its client: where they share cores with the database, this bounds the rate. */
export class CpuOfIngest {
  readonly #bench: Bench;
  readonly #service: number[] = [];
  readonly #client: number[] = [];

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async of(load: () => Promise<Outcome>): Promise<Outcome> {
    const before = await cpuMs(this.#bench.service.pid);
    const outcome = await load();
    const after = await cpuMs(this.#bench.service.pid);
    this.#client.push(outcome.cpuMs / outcome.count);
    if (before !== undefined && after !== undefined) this.#service.push((after - before) / outcome.count);
    return outcome;
  }

  figures(): Record<string, string> {
    const of = (msOfEvent: readonly number[]): string => `${round(median(msOfEvent) * 1_000)} µs an event`;
    return {
      ...(this.#service.length > 0 && { 'CPU of the service': of(this.#service) }),
      'CPU of its client': of(this.#client),
    };
  }
}
