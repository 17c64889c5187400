/** Tells those who wait that there is something new. */
export class News {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** Take it before you look; `heard` compares with it. */
  get count(): number {
    return this.#count;
  }

  tell(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when there is more news than `known`, after `ms`, or when the signal aborts. */
  async heard(known: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#count > known || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => resolve(undefined);
    const timer = setTimeout(wake, ms);
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}
