import { createHash } from 'node:crypto';
import { message, typeOf } from './messages.ts';

/**
 * A connection's prepared statements. The backend has one name space, so each name carries the connection's number
 * there. A statement that others made the backend forget (DEALLOCATE ALL, or the unnamed one, which everybody replaces)
 * is known here and can be prepared again.
 *
 * Portals need nothing of the kind: they end with the transaction, and until then the backend is one connection's own.
 */
export class StatementNames {
  readonly #prefix: string;
  readonly #prepared = new Map<string, Buffer>();
  /** What each Parse and Close changes, in order, once PostgreSQL has carried it out. */
  #outstanding: (() => void)[] = [];
  #unnamed: Buffer | undefined;
  #unnamedIsLost = false;

  constructor(connection: number) {
    this.#prefix = `${connection}:`;
  }

  /** The message under the name that the backend knows. */
  rewrite(original: Buffer): Buffer {
    switch (typeOf(original)) {
      case PARSE: {
        const nameEnd = original.indexOf(0, 5);
        if (nameEnd === 5) {
          this.#unnamedIsLost = false;
          this.#unnamed = original;
          this.#outstanding.push(nothing);
          return original;
        }
        const name = original.toString('utf8', 5, nameEnd);
        const renamed = this.#rename(original, 5);
        this.#outstanding.push(() => this.#prepared.set(name, renamed));
        return renamed;
      }
      case BIND: {
        const portalEnd = original.indexOf(0, 5);
        return original[portalEnd + 1] === 0 ? original : this.#rename(original, portalEnd + 1);
      }
      case DESCRIBE:
        return original[5] !== STATEMENT || original[6] === 0 ? original : this.#rename(original, 6);
      case CLOSE: {
        if (original[5] !== STATEMENT || original[6] === 0) {
          this.#outstanding.push(nothing);
          return original;
        }
        const name = original.toString('utf8', 6, original.length - 1);
        this.#outstanding.push(() => this.#prepared.delete(name));
        return this.#rename(original, 6);
      }
      default:
        return original;
    }
  }

  /** PostgreSQL has carried out so many Parse and Close messages since the last call; an error passed over the rest. */
  acknowledge(count: number): void {
    if (this.#outstanding.length === 0) return;
    for (const change of this.#outstanding.slice(0, count)) change();
    this.#outstanding = [];
  }

  /** Another connection has had the backend. */
  othersRan(): void {
    this.#unnamedIsLost = this.#unnamed !== undefined;
  }

  /** What has to be prepared again before these messages can run. */
  lostBefore(unit: Buffer[]): Buffer | undefined {
    if (!this.#unnamedIsLost) return undefined;
    const first = unit.find((m) => m[0] === PARSE || m[0] === BIND || (m[0] === DESCRIBE && m[5] === STATEMENT));
    if (first === undefined || first[0] === PARSE || !nameIsEmpty(first)) return undefined;
    this.#unnamedIsLost = false;
    return this.#unnamed;
  }

  /** All of them, after somebody's DEALLOCATE ALL. */
  get prepared(): Buffer[] {
    return [...this.#prepared.values()];
  }

  forgetAll(): void {
    this.#prepared.clear();
    this.#unnamed = undefined;
    this.#unnamedIsLost = false;
  }

  /** Messages that take the connection's statements out of the backend. */
  closeAll(): Buffer[] {
    return [...this.#prepared.values()].map((parse) =>
      message('C', Buffer.of(STATEMENT), parse.subarray(5, parse.indexOf(0, 5) + 1)),
    );
  }

  /** An error names the statement as the client knows it, but for a very long name. */
  restoreIn(error: Buffer): Buffer {
    const prefixed = `"${this.#prefix}`;
    if (!error.includes(prefixed)) return error;
    return message('E', Buffer.from(error.subarray(5).toString('latin1').replaceAll(prefixed, '"'), 'latin1'));
  }

  /** @param at where the statement's name begins */
  #rename(original: Buffer, at: number): Buffer {
    const end = original.indexOf(0, at);
    const isLong = this.#prefix.length + end - at > NAME_LIMIT;
    const name = isLong ? this.#prefix + digest(original.subarray(at, end)) : this.#prefix;
    return message(
      String.fromCharCode(typeOf(original)),
      original.subarray(5, at),
      Buffer.from(name),
      original.subarray(isLong ? end : at),
    );
  }
}

const PARSE = 0x50;
const BIND = 0x42;
const DESCRIBE = 0x44;
const CLOSE = 0x43;
const STATEMENT = 0x53;

/** PostgreSQL cuts longer names off, so two would be one. */
const NAME_LIMIT = 63;

function digest(name: Buffer): string {
  return createHash('sha256').update(name).digest('base64url');
}

function nothing(): void {}

function nameIsEmpty(bindOrDescribe: Buffer): boolean {
  if (bindOrDescribe[0] === DESCRIBE) return bindOrDescribe[6] === 0;
  return bindOrDescribe[bindOrDescribe.indexOf(0, 5) + 1] === 0;
}
