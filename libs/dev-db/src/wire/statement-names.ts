import { message } from './messages.ts';

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
  #unnamed: Buffer | undefined;
  #unnamedIsLost = false;

  constructor(connection: number) {
    this.#prefix = `${connection}:`;
  }

  /** The message under the name that the backend knows. */
  rewrite(original: Buffer): Buffer {
    switch (original[0]) {
      case PARSE: {
        const nameEnd = original.indexOf(0, 5);
        if (nameEnd === 5) {
          this.#unnamedIsLost = false;
          return (this.#unnamed = original);
        }
        const name = original.toString('utf8', 5, nameEnd);
        const renamed = this.#insertPrefix(original, 5);
        // A second Parse under the same name is an error and changes nothing.
        if (!this.#prepared.has(name)) this.#prepared.set(name, renamed);
        return renamed;
      }
      case BIND: {
        const portalEnd = original.indexOf(0, 5);
        return original[portalEnd + 1] === 0 ? original : this.#insertPrefix(original, portalEnd + 1);
      }
      case DESCRIBE:
      case CLOSE: {
        if (original[5] !== STATEMENT || original[6] === 0) return original;
        if (original[0] === CLOSE) this.#prepared.delete(original.toString('utf8', 6, original.length - 1));
        return this.#insertPrefix(original, 6);
      }
      default:
        return original;
    }
  }

  /** Another connection has had the backend. */
  othersRan(): void {
    this.#unnamedIsLost = this.#unnamed !== undefined;
  }

  /** What has to be prepared again before these messages can run. */
  lostBefore(unit: Buffer[]): Buffer[] {
    const first = unit.find((m) => m[0] === PARSE || m[0] === BIND || (m[0] === DESCRIBE && m[5] === STATEMENT));
    const usesUnnamed = first !== undefined && first[0] !== PARSE && nameIsEmpty(first);
    if (!this.#unnamedIsLost || !usesUnnamed) return [];
    this.#unnamedIsLost = false;
    return [this.#unnamed!];
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

  /** An error names the statement as the client knows it. */
  restoreIn(error: Buffer): Buffer {
    const prefixed = `"${this.#prefix}`;
    if (!error.includes(prefixed)) return error;
    return message('E', Buffer.from(error.subarray(5).toString('latin1').replaceAll(prefixed, '"'), 'latin1'));
  }

  #insertPrefix(original: Buffer, at: number): Buffer {
    return message(
      String.fromCharCode(original[0]!),
      original.subarray(5, at),
      Buffer.from(this.#prefix),
      original.subarray(at),
    );
  }
}

const PARSE = 0x50;
const BIND = 0x42;
const DESCRIBE = 0x44;
const CLOSE = 0x43;
const STATEMENT = 0x53;

function nameIsEmpty(bindOrDescribe: Buffer): boolean {
  if (bindOrDescribe[0] === DESCRIBE) return bindOrDescribe[6] === 0;
  return bindOrDescribe[bindOrDescribe.indexOf(0, 5) + 1] === 0;
}
