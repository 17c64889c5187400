import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDatabaseUrl, readServicePassword } from '../src/environment.ts';
import { StartupError } from '../src/startup-error.ts';

let folder: string;

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'tidemark-passwords-'))));
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(content: string): Promise<string> {
  const path = join(folder, String(Math.random()));
  await writeFile(path, content);
  return path;
}

test.each([
  ['the newline at the end is no part of it', 'secret\n', 'secret'],
  ['nor is one of Windows', 'secret\r\n', 'secret'],
  ['whatever else is in it is', ' p@ss:w/o?r#d%41\'"&= \n\n', ' p@ss:w/o?r#d%41\'"&= \n'],
  ['any letters may be', 'pässwörd – 🔑', 'pässwörd – 🔑'],
])('the password of the address comes from a file: %s', async (_, content, password) => {
  const DATABASE_PASSWORD_FILE = await fileWith(content);
  const url = new URL(readDatabaseUrl({ DATABASE_URL: 'postgres://app@db:5432/tidemark?x=1', DATABASE_PASSWORD_FILE }));
  expect(decodeURIComponent(url.password)).toBe(password);
  url.password = '';
  expect(url.href).toBe('postgres://app@db:5432/tidemark?x=1');
});

test('an address of a socket gets it as a parameter', async () => {
  const DATABASE_PASSWORD_FILE = await fileWith('a&b');
  const url = readDatabaseUrl({ DATABASE_URL: 'postgres:///tidemark?host=/run', DATABASE_PASSWORD_FILE });
  expect(new URL(url).searchParams.get('password')).toBe('a&b');
});

test.each(['postgres://app:other@db/tidemark', 'postgres:///tidemark?host=/run&password=other'])(
  'an address with a password and a file with one are refused: %s',
  async (DATABASE_URL) => {
    const DATABASE_PASSWORD_FILE = await fileWith('secret');
    const read = () => readDatabaseUrl({ DATABASE_URL, DATABASE_PASSWORD_FILE });
    expect(read).toThrow(StartupError);
    expect(read).toThrow(/^DATABASE_PASSWORD_FILE is set, and DATABASE_URL has a password too: [^\n]*$/);
    expect(read).toThrow(/^((?!other|secret).)*$/);
  },
);

test.each([
  ['DATABASE_PASSWORD_FILE', (env: object) => readDatabaseUrl({ DATABASE_URL: 'postgres://app@db/x', ...env })],
  ['SERVICE_PASSWORD_FILE', (env: object) => readServicePassword({ ...env })],
] as const)('%s that cannot be read, or is empty, is refused in one line that names it', async (name, readWith) => {
  const missing = join(folder, 'missing');
  expect(() => readWith({ [name]: missing })).toThrow(StartupError);
  expect(() => readWith({ [name]: missing })).toThrow(new RegExp(`^${name} is "${missing}".*ENOENT[^\n]*$`));
  expect(() => readWith({ [name]: folder })).toThrow(new RegExp(`^${name} is .*EISDIR`));
  const empty = await fileWith('\n');
  expect(() => readWith({ [name]: empty })).toThrow(new RegExp(`^${name} is "${empty}", which is empty: [^\n]*$`));
});

test('the password of the service is a line of printable ASCII', async () => {
  expect(readServicePassword({})).toBeUndefined();
  expect(readServicePassword({ SERVICE_PASSWORD_FILE: await fileWith('correct horse\n') })).toBe('correct horse');
  for (const content of ['two\nlines', 'pässwörd', 'tab\t']) {
    const SERVICE_PASSWORD_FILE = await fileWith(content);
    expect(() => readServicePassword({ SERVICE_PASSWORD_FILE })).toThrow(/^SERVICE_PASSWORD_FILE holds .* ASCII/);
  }
});
