/** Room for what waits in memory, counted in characters. */
export class Room {
  readonly #size: number;
  #taken = 0;
  readonly #seekers = new Set<() => void>();

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
    if (!this.isFull) for (const go of this.#seekers) go();
  }

  /** Waits until it is not full. Of all who wait, one may fill it again, so that each has to look. */
  async freed(signal: AbortSignal): Promise<void> {
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
    signal.throwIfAborted();
  }
}
