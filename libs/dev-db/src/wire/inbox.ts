import { typeOf } from './messages.ts';

/** What a client has sent and PostgreSQL has not been given yet. */
export class Inbox {
  #messages: Buffer[] = [];
  #bytes = 0;
  /** Messages among them that ask for an answer. */
  #occasions = 0;
  #skipToSync = false;

  add(message: Buffer): void {
    const type = typeOf(message);
    if (this.#skipToSync && type !== TYPE.sync) return;
    this.#skipToSync = false;
    if (ENDS.has(type) || type === TYPE.flush) this.#occasions++;
    this.#messages.push(message);
    this.#bytes += message.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is something that deserves a turn: a unit, or a request to flush, or more than should wait here. */
  get hasUnit(): boolean {
    return this.#occasions > 0 || this.#bytes > 1 << 20;
  }

  /** The messages up to the next end of a unit. */
  takeUnit(): Buffer[] {
    const end = this.#messages.findIndex((message) => ENDS.has(typeOf(message)));
    if (end !== -1) return this.#take(end + 1);
    return this.hasUnit ? this.#take(this.#messages.length) : [];
  }

  /** What belongs to the COPY under way: data, its end, and the Sync that libpq sends with it. */
  takeCopy(): Buffer[] {
    const end = this.#messages.findIndex((message) => !COPY.has(typeOf(message)));
    return this.#take(end === -1 ? this.#messages.length : end);
  }

  /** Whether what comes next has no place in a COPY. */
  get leavesCopy(): boolean {
    const [next] = this.#messages;
    return next !== undefined && !COPY.has(typeOf(next));
  }

  /** Drops the next unit and what is still to come of it. Returns whether it was whole. */
  dropUnit(): boolean {
    const whole = endsUnit(this.takeUnit());
    this.#skipToSync = !whole;
    return whole;
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = this.#occasions = 0;
  }

  #take(count: number): Buffer[] {
    const taken = this.#messages.splice(0, count);
    for (const message of taken) {
      this.#bytes -= message.length;
      const type = typeOf(message);
      if (ENDS.has(type) || type === TYPE.flush) this.#occasions--;
    }
    return taken;
  }
}

/** Whether a unit is whole: PostgreSQL will say ReadyForQuery by itself. */
export function endsUnit(unit: Buffer[]): boolean {
  return ENDS.has(unit.at(-1)?.[0] ?? 0);
}

export function isTerminate(unit: Buffer[]): boolean {
  return unit.at(-1)?.[0] === TYPE.terminate;
}

const TYPE = { sync: 0x53, flush: 0x48, terminate: 0x58 } as const;

const codes = (types: string): Set<number> => new Set(Array.from(types, (type) => type.charCodeAt(0)));

/** Query, Sync, FunctionCall, Terminate. */
const ENDS = codes('QSFX');

/** CopyData, CopyDone, CopyFail, Flush, Sync. */
const COPY = codes('dcfHS');
