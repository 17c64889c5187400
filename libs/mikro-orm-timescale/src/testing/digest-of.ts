import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of the content and names of files and of everything in folders; paths are from the working directory. */
export function digestOf(...paths: string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const name of filesIn(path)) hash.update(`${name}\n`).update(digest(readFileSync(join(path, name))));
  }
  return hash.digest('hex');
}

/** Of any text as 12 letters and digits, safe in the name of a file or a database. */
export function shortDigest(text: string): string {
  return digest(text).slice(0, 12);
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [''];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => statSync(join(path, name)).isFile()).sort();
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
