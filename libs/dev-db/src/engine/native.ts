/** The Emscripten module as far as used: memory, and C functions under their names with an underscore. */
export interface Module {
  HEAPU8: Uint8Array;
  HEAPU32: Uint32Array;
  UTF8ToString(address: number): string;
  addFunction(callback: (address: number, length: number) => number, signature: string): number;
  _malloc(size: number): number;
  _free(address: number): void;
  _set_read_write_cbs(read: number, write: number): void;
  _interactive_one(length: number, firstByte: number): void;
  _set_config_option(
    name: number,
    value: number,
    context: number,
    source: number,
    action: number,
    changeValue: number,
    errorLevel: number,
    isReload: number,
  ): number;
  _GetConfigOption(name: number, missingOk: number, restrictPrivileged: number): number;
  _get_role_oid(name: number, missingOk: number): number;
  _StartTransactionCommand(): void;
  _CommitTransactionCommand(): void;
}

/** GucSource of PostgreSQL 17, as far as used. RESET returns to a client's or override's value. */
export const SOURCE = { client: 9, override: 10, session: 13 } as const;

/** PostgreSQL's C functions and memory, with JavaScript values. Call only between two messages. */
export class Native {
  readonly module: Module;
  readonly #names = new Map<string, number>();

  constructor(module: Module) {
    this.module = module;
  }

  getOption(name: string): string | undefined {
    const value = this.module._GetConfigOption(this.#name(name), 1, 0);
    return value === 0 ? undefined : this.string(value);
  }

  /** Null takes back a session's value. Returns whether PostgreSQL took it. */
  setOption(name: string, value: string | null, source: number, context: number = CONTEXT.superuser): boolean {
    const pointer = value === null ? 0 : this.#copy(value);
    const taken = this.module._set_config_option(this.#name(name), pointer, context, source, 0, 1, WARNING, 0);
    if (pointer !== 0) this.module._free(pointer);
    return taken > 0;
  }

  /** Catalogue look-ups, which some settings need, are for transactions only. */
  inTransaction(work: () => void): void {
    this.module._StartTransactionCommand();
    work();
    this.module._CommitTransactionCommand();
  }

  roleOid(name: string): number {
    return this.module._get_role_oid(this.#name(name), 1);
  }

  word(address: number): number {
    return this.module.HEAPU32[address >>> 2] ?? 0;
  }

  setWord(address: number, value: number): void {
    this.module.HEAPU32[address >>> 2] = value;
  }

  string(address: number): string {
    return address === 0 ? '' : this.module.UTF8ToString(address);
  }

  /** Where this whole string stands among PostgreSQL's static data. */
  findString(text: string): number[] {
    const wanted = Buffer.from(`\0${text}\0`);
    const memory = Buffer.from(this.module.HEAPU8.buffer, 0, STATIC_BYTES);
    const found: number[] = [];
    for (let at = memory.indexOf(wanted); at !== -1; at = memory.indexOf(wanted, at + 1)) found.push(at + 1);
    return found;
  }

  findWord(value: number): number[] {
    const words = this.module.HEAPU32.subarray(0, STATIC_BYTES / 4);
    const found: number[] = [];
    for (let at = words.indexOf(value); at !== -1; at = words.indexOf(value, at + 1)) found.push(at * 4);
    return found;
  }

  /** Names are few and used again: their copies stay. */
  #name(name: string): number {
    let address = this.#names.get(name);
    if (address === undefined) this.#names.set(name, (address = this.#copy(name)));
    return address;
  }

  #copy(text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    const address = this.module._malloc(bytes.length);
    this.module.HEAPU8.set(bytes, address);
    return address;
  }
}

/** GucContext of PostgreSQL 17. */
export const CONTEXT = { superuser: 5, user: 6 } as const;

// Above LOG and below ERROR: a refused value comes back in the return code and unwinds nothing.
const WARNING = 19;

/** PostgreSQL's own data segment ends at 2.7 MB in this build; the heap follows. */
const STATIC_BYTES = 4 << 20;
