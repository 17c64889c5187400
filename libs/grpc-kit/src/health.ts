import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

// A database that is frozen never answers at all.
const checkTimeoutMs = 3_000;

/**
 * grpc.health.v1.Health for the server as a whole ("") and for each service by name: SERVING while `check` succeeds,
 * NOT_SERVING while it fails and once the server shuts down.
 */
export class Health {
  readonly #health: HealthImplementation;
  readonly #names: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(server: Server, serviceNames: readonly string[]) {
    this.#names = ['', ...serviceNames];
    this.#health = new HealthImplementation();
    this.#health.addToServer(server);
    this.#set(false);
  }

  /** Asks `check` now and then every `intervalMs` after its answer. */
  async watch(check: () => Promise<unknown>, intervalMs: number): Promise<void> {
    const tooLate = sleep(checkTimeoutMs, false, { ref: false });
    const healthy = await Promise.race([check().then(() => true), tooLate]).catch(() => false);
    if (this.#draining) return;
    this.#set(healthy);
    this.#timer = setTimeout(() => void this.watch(check, intervalMs), intervalMs).unref();
  }

  drain(): void {
    this.#draining = true;
    clearTimeout(this.#timer);
    this.#set(false);
  }

  #set(serving: boolean): void {
    for (const name of this.#names) this.#health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }
}
