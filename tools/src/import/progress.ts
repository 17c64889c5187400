import { MultiBar } from 'cli-progress';

/** Shows how far it is, and lines of text without the two disturbing each other. */
export interface Progress {
  /** @param totalBytes undefined: not known */
  begin(phase: string, totalBytes: number | undefined): void;
  update(state: { bytes: number; text: string }): void;
  print(line: string): void;
  stop(): void;
}

export function progressOn(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new TerminalProgress(stream) : new PlainProgress(stream);
}

class TerminalProgress implements Progress {
  readonly #bars: MultiBar;
  #bar: ReturnType<MultiBar['create']> | undefined;
  #totalBytes: number | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#bars = new MultiBar({
      stream,
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      // Cuts the bar at the terminal's edge, while what is printed above it may take several rows.
      linewrap: true,
      // Ctrl-C is the caller's.
      gracefulExit: false,
    });
  }

  begin(phase: string, totalBytes: number | undefined): void {
    if (this.#bar) this.#bars.remove(this.#bar);
    this.#totalBytes = totalBytes;
    const format = totalBytes === undefined ? '{phase} {text}' : '{phase} [{bar}] {percentage}% {text}';
    this.#bar = this.#bars.create(totalBytes ?? 1, 0, { phase, text: '' }, { format });
  }

  update({ bytes, text }: { bytes: number; text: string }): void {
    // A log that is still written grows past the size it had.
    this.#bar?.update(Math.min(bytes, this.#totalBytes ?? 0), { text });
  }

  print(line: string): void {
    this.#bars.log(`${line}\n`);
  }

  stop(): void {
    // What was logged since the last turn would be lost otherwise.
    this.#bars.update();
    this.#bars.stop();
  }
}

/** For files and pipes: a line now and then. */
class PlainProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  #phase = '';
  #totalBytes: number | undefined;
  #lastMs = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  begin(phase: string, totalBytes: number | undefined): void {
    this.#phase = phase;
    this.#totalBytes = totalBytes;
  }

  update({ bytes, text }: { bytes: number; text: string }): void {
    if (performance.now() - this.#lastMs < plainIntervalMs) return;
    this.#lastMs = performance.now();
    const percent = this.#totalBytes ? ` ${Math.min(100, Math.floor((bytes / this.#totalBytes) * 100))}%` : '';
    this.print(`${this.#phase}${percent} ${text}`);
  }

  print(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  stop(): void {
    // Each line is complete already.
  }
}

const plainIntervalMs = 2_000;
