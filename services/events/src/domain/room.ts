/**
 * Room for what waits in memory, counted in characters. What finds the least bit of it may take as much as it needs: how
 * much that is, it knows only then.
 */
export class Room {
  readonly #size: number;
  #taken = 0;
  readonly #seekers = new Set<() => void>();
  #waking: NodeJS.Immediate | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  get isFull(): boolean {
    return this.#taken > this.#size;
  }

  take(size: number): void {
    this.#taken += size;
  }

  free(size: number): void {
    this.#taken -= size;
    this.#wakeOne();
  }

  /** Waits until it is not full. */
  async spare(signal: AbortSignal): Promise<void> {
    while (this.isFull) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', go);
          this.#seekers.delete(go);
          resolve();
        };
        signal.addEventListener('abort', go);
        this.#seekers.add(go);
      });
    }
  }

  /** One after another: who has something at hand takes its room before the next one looks. */
  #wakeOne(): void {
    if (this.#waking || this.isFull) return;
    const [go] = this.#seekers;
    if (!go) return;
    go();
    this.#waking = setImmediate(() => {
      this.#waking = undefined;
      this.#wakeOne();
    });
  }
}
