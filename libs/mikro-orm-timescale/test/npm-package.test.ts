import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testDatabase } from './database.ts';
import { onCommunity } from './server.ts';

const root = join(import.meta.dirname, '../../..');
/** Of this run alone: another may be packing, too. */
const folder = `package-${process.pid}`;
const packed = join(import.meta.dirname, '../dist', folder);
const compile = [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'];
const name = '@tidemark/mikro-orm-timescale';

// The library and programs that use it are compiled, and npm may have to fetch what they need.
import.meta.jest.setTimeout(900_000);

interface Manifest extends Record<string, unknown> {
  exports: Record<string, string | { types: string; default: string }>;
  bin?: Record<string, string>;
  peerDependencies: Record<string, string>;
}

let project: string;
let installed: string;
let manifest: Manifest;
let files: string[];

/** A project of its own, with the tarball that npm would publish. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'mikro-orm-timescale-npm-'));
  installed = join(project, 'node_modules', name);
  await run(process.execPath, [join(root, 'tools/pack-library.ts'), 'mikro-orm-timescale', folder], root);
  await run('npm', ['pack', '--pack-destination', project], packed);
  const tarball = (await readdir(project)).find((file) => file.endsWith('.tgz'));
  await writeProject({ [name]: `file:${tarball ?? 'none'}` });
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', '--prefix', project, ...quiet], project);
  manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest;
  files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
});
afterAll(async () => {
  for (const each of [project, packed]) await rm(each, { recursive: true });
});

test('the tarball holds what is compiled, its documents and nothing of this machine', async () => {
  const kinds = new Set(files.map((file) => /(\.d\.ts|\.js\.map|\.js)$/.exec(file)?.[0] ?? file));
  expect([...kinds].sort()).toEqual([
    '.d.ts',
    '.js',
    '.js.map',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'package.json',
  ]);
  expect(files.filter((file) => file.includes('test/') || file.includes('.test.'))).toEqual([]);
  for (const file of files) expect(await readFile(join(installed, file), 'utf8')).not.toContain(root);
});

test('its package.json is for those who install it', async () => {
  expect(manifest).not.toHaveProperty('private');
  expect(manifest).not.toHaveProperty('nx');
  expect(manifest).not.toHaveProperty('devDependencies');
  expect(Object.values(manifest.peerDependencies).every((range) => range.startsWith('^'))).toBe(true);
  const named = Object.values(manifest.exports).flatMap((entry) =>
    Object.values(typeof entry === 'string' ? [entry] : entry),
  );
  for (const file of named) expect(files).toContain(file.slice('./'.length));
  for (const file of Object.values(manifest.bin ?? {})) {
    expect(await readFile(join(installed, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  }
});

test('it imports nothing but Node and its peers', async () => {
  const imported = new Set<string>();
  for (const file of files.filter((each) => /\.(js|d\.ts)$/.test(each))) {
    const text = await readFile(join(installed, file), 'utf8');
    for (const [, from = ''] of text.matchAll(/(?:from |import\(|import )'([^'.][^']*)'/g)) imported.add(from);
  }
  const foreign = [...imported].filter((from) => !from.startsWith('node:'));
  const allowed = [name, ...Object.keys(manifest.peerDependencies)];
  expect(foreign.filter((from) => !allowed.some((peer) => from === peer || from.startsWith(`${peer}/`)))).toEqual([]);
});

describe('a program that uses it', () => {
  test('finds its types the way of bundlers', async () => {
    await run(
      process.execPath,
      [...compile, '--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit'],
      project,
    );
  });

  test('compiles', async () => {
    expect(await complaintsOf([...compile, '--module', 'nodenext', '--skipLibCheck', 'false'])).toEqual([]);
  });

  onCommunity('runs as plain JavaScript, as it was compiled', async () => {
    await using db = await testDatabase();
    const said = await run(process.execPath, ['program.js'], project, { DATABASE_URL: db.url });
    expect(JSON.parse(said)).toEqual({
      chunks: 2,
      hypertables: ['reading', 'sample'],
      hourly: [20, 21],
      buckets: [1, 1, 0],
      diff: [],
    });
  });

  test('has the command line', async () => {
    const command = join(project, 'node_modules/.bin/mikro-orm-timescale');
    expect(await run(process.execPath, [command, '--help'], project)).toContain('mikro-orm-timescale COMMAND');
  });

  test('can import every entry', async () => {
    const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
    const imports = entries.map((entry) => `await import('${name}${entry.slice(1)}')`);
    const print = `console.log(JSON.stringify([${imports.join(', ')}].map((entry) => Object.keys(entry).length > 0)))`;
    const said = await run(process.execPath, ['--input-type=module', '--eval', print], project);
    expect(JSON.parse(said)).toEqual(entries.map(() => true));
  });
});

/** What the compiler says about the program and our declarations. MikroORM's own do not hold without `skipLibCheck`. */
async function complaintsOf(command: string[]): Promise<string[]> {
  const said = await run(process.execPath, command, project).catch((error: unknown) => (error as Error).message);
  return said.split('\n').filter((line) => /^(?!node_modules\/(?!@tidemark)).*error TS/.test(line));
}

/** With the workspace's versions, which its lockfile has: npm then has nothing to look up. */
async function writeProject(dependencies: Record<string, string>): Promise<void> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; link?: boolean }>;
  };
  const locked = Object.entries(lock.packages).filter(([path, { link }]) => path.startsWith('node_modules/') && !link);
  const wanted = [
    '@mikro-orm/core',
    '@mikro-orm/decorators',
    '@mikro-orm/migrations',
    '@mikro-orm/postgresql',
    '@types/node',
  ];
  const versions = Object.fromEntries(wanted.map((each) => [each, lock.packages[`node_modules/${each}`]?.version]));
  const json = { name: 'program', version: '1.0.0', type: 'module', dependencies: { ...versions, ...dependencies } };
  await writeJson('package.json', json);
  await writeJson('package-lock.json', {
    name: json.name,
    version: json.version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': json, ...Object.fromEntries(locked) },
  });
  await writeJson('tsconfig.json', {
    compilerOptions: {
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      types: ['node'],
    },
    files: ['program.ts'],
  });
  await copyFile(join(import.meta.dirname, 'npm-package/program.ts'), join(project, 'program.ts'));
}

async function writeJson(file: string, json: object): Promise<void> {
  await writeFile(join(project, file), JSON.stringify(json, undefined, 2));
}

/** What the command prints; its failure shows all that it printed. */
async function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env } }))
      .stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
