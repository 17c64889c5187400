import type { Server } from './server.ts';
import { analyzeGrownTables } from './statistics.ts';

/**
 * Runs TimescaleDB's jobs (policies and users' own) when they are due, and keeps the statistics up to date. This build has no background workers, so nothing
 * fills in next_start; each process remembers when it ran what. A job waits for its turn like any client, and is never
 * inside anybody's transaction.
 */
export class Jobs {
  readonly #server: Server;
  readonly #onFailure: (job: number, message: string) => void;
  readonly #lastRuns = new Map<number, { at: number; failed: boolean }>();
  readonly #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(server: Server, intervalMs: number | false, onFailure: (job: number, message: string) => void) {
    this.#server = server;
    this.#onFailure = onFailure;
    if (intervalMs !== false) this.#timer = setInterval(() => void this.#round(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #round(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { rows } = await this.#server.ask(SCHEDULED_JOBS);
    for (const row of rows as string[][]) {
      const [id, everyMs, retryMs, initialStart] = row.map(Number) as [number, number, number, number];
      if (this.#isDue(id, everyMs, retryMs, initialStart)) await this.#run(id);
    }
    await analyzeGrownTables(this.#server);
    this.#running = false;
  }

  #isDue(id: number, everyMs: number, retryMs: number, initialStart: number): boolean {
    const now = Date.now();
    const last = this.#lastRuns.get(id);
    if (!last) return initialStart <= now || initialStart === 0;
    return now >= last.at + (last.failed ? Math.min(everyMs, retryMs) : everyMs);
  }

  async #run(id: number): Promise<void> {
    const { error } = await this.#server.ask(`CALL run_job(${id})`);
    this.#lastRuns.set(id, { at: Date.now(), failed: error !== undefined });
    if (error !== undefined) this.#onFailure(id, error);
  }
}

/** Below 1000 are TimescaleDB's own: telemetry and the clean-up of a job history that stays empty here. */
const SCHEDULED_JOBS = `
  SELECT job_id,
    extract(epoch FROM schedule_interval) * 1000,
    extract(epoch FROM retry_period) * 1000,
    coalesce(extract(epoch FROM initial_start) * 1000, 0)
  FROM timescaledb_information.jobs
  WHERE scheduled AND job_id >= 1000
  ORDER BY job_id`;
