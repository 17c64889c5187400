import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { ImportFailed } from './import-failed.ts';

/** Something to read log lines from. */
export interface Input {
  /** How messages name it: as it was given. */
  readonly name: string;
  /** In bytes, as stored; undefined where it is not known, which is also where it can be read only once. */
  readonly size: number | undefined;
  open(): Readable;
}

/**
 * @param path "-" is standard input
 * @throws ImportFailed where it cannot be read
 */
export async function openInput(name: string, path: string, signal: AbortSignal): Promise<Input> {
  if (name === '-') {
    return { name: 'standard input', size: undefined, open: () => addAbortSignal(signal, process.stdin) };
  }
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw new ImportFailed(`${name} is a folder: name the files in it.`);
    await access(path, constants.R_OK);
    return { name, size: status.isFile() ? status.size : undefined, open: () => createReadStream(path, { signal }) };
  } catch (error) {
    throw cannotRead(name, error);
  }
}

/** What a failure to read means to the user. */
export function cannotRead(name: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new ImportFailed(`${name} is not there: check the name.`, { cause: error });
  if (code === 'EACCES') return new ImportFailed(`${name} may not be read: check its permissions.`, { cause: error });
  if (code.startsWith('Z_') || /^E[A-Z0-9]+$/.test(code)) {
    const what = code.startsWith('Z_') ? 'its gzip data is damaged or cut off' : (error as Error).message;
    return new ImportFailed(`${name} cannot be read: ${what}.`, { cause: error });
  }
  return error;
}
