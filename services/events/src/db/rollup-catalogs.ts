import type pg from 'pg';
import type { Rollup } from '../domain/rollup-choice.ts';
import { statesOf, statesSql, type States } from './rollup-states.ts';
import type { Run } from './snapshot.ts';

/** What TimescaleDB's catalogs tell of rollups, and told last. */
export class RollupCatalogs {
  readonly #pendingRanges: boolean;
  readonly #seen = new Map<string, SeenStates>();

  /** @param pendingRanges whether what a refresh is at has a log of its own */
  private constructor(pendingRanges: boolean) {
    this.#pendingRanges = pendingRanges;
  }

  static async open(pool: pg.Pool): Promise<RollupCatalogs> {
    const { rows } = await pool.query<{ there: boolean }>(
      `SELECT to_regclass('_timescaledb_catalog.continuous_aggs_materialization_ranges') IS NOT NULL AS there`,
    );
    return new RollupCatalogs(rows[0]?.there === true);
  }

  seen(rollups: readonly Rollup[]): SeenStates {
    const key = rollups.map(({ name }) => name).join(' ');
    const seen = this.#seen.get(key) ?? new SeenStates(rollups, this.#pendingRanges);
    this.#seen.set(key, seen);
    return seen;
  }
}

/** The states of some rollups as they were seen last. */
export class SeenStates {
  /** Asks for them. */
  readonly sql: string;
  readonly #rollups: readonly Rollup[];
  readonly #name: string;
  #last: Seen;
  #steady = false;

  constructor(rollups: readonly Rollup[], pendingRanges: boolean) {
    this.#rollups = rollups;
    this.#last = { text: '[]', states: statesOf('[]', rollups) };
    const names = rollups.map(({ name }) => name);
    this.#name = `states of ${names.join(', ')}`;
    this.sql = statesSql(names, pendingRanges);
  }

  /** Undefined where they were not the same twice: then they are hardly so once more. */
  get steady(): Seen | undefined {
    return this.#steady ? this.#last : undefined;
  }

  async ask(run: Run): Promise<Seen> {
    const [row] = await run<{ states: string }>(this.sql, [], this.#name);
    return this.see(row?.states ?? '[]');
  }

  see(text: string): Seen {
    this.#steady = text === this.#last.text;
    if (!this.#steady) this.#last = { text, states: statesOf(text, this.#rollups) };
    return this.#last;
  }
}

/** States, and the text that tells them from others. */
export interface Seen {
  readonly text: string;
  readonly states: States;
}
