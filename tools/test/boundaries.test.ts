import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('../..', import.meta.url));
let eslint: ESLint;

beforeAll(async () => {
  // The rule reads the graph of projects from Nx's cache and is silent where there is none.
  await createProjectGraphAsync();
  // Planted code is on no disk, so that rules that need types cannot run on it; those under test need none.
  eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] as never });
});

async function report(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}${filePath}` });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId ?? 'parse error');
}

const projects = '@nx/enforce-module-boundaries';
const layers = 'import-x/no-restricted-paths';

test.each([
  ['a contract imports the kit', 'libs/contracts/src/planted.ts', '@tidemark/grpc-kit', projects],
  ['the kit imports a data library', 'libs/grpc-kit/src/planted.ts', '@tidemark/dev-db', projects],
  ['the kit imports the testing library', 'libs/grpc-kit/src/planted.ts', '@tidemark/testing', projects],
  ['a data library imports the kit', 'libs/dev-db/src/planted.ts', '@tidemark/grpc-kit', projects],
  ['a data library imports gRPC', 'libs/dev-db/src/planted.ts', '@grpc/grpc-js', projects],
  ['the testing library imports a service', 'libs/testing/src/planted.ts', '@tidemark/events/package.json', projects],
  ['a service imports the testing library', 'services/events/src/planted.ts', '@tidemark/testing', projects],
  [
    'a service imports the embedded database',
    'services/events/src/planted.ts',
    '@tidemark/dev-db',
    'no-restricted-imports',
  ],
  ['events imports users', 'services/events/src/planted.ts', '@tidemark/users/package.json', projects],
  ['users imports events', 'services/users/src/planted.ts', '@tidemark/events/package.json', projects],
  ['a tool imports a service', 'tools/src/planted.ts', '@tidemark/events/package.json', projects],
  ['an end-to-end test imports the embedded database', 'e2e/test/planted.test.ts', '@tidemark/dev-db', projects],
  ['the domain imports the database layer', 'services/events/src/domain/planted.ts', '../db/pool.ts', layers],
  ['the domain imports the wire', 'services/events/src/domain/planted.ts', '../rpc/faults.ts', layers],
  ['the database layer imports the wire', 'services/users/src/db/planted.ts', '../rpc/faults.ts', layers],
])('%s: it is reported', async (_, file, imported, rule) => {
  expect(await report(file, `import * as planted from '${imported}';\nplanted.toString();\n`)).toContain(rule);
});

test.each([
  ['a service imports the kit', 'services/events/src/planted.ts', '@tidemark/grpc-kit'],
  ['a service imports a data library', 'services/events/src/planted.ts', '@tidemark/mikro-orm-timescale'],
  ['a test of a service imports the testing library', 'services/events/test/planted.test.ts', '@tidemark/testing'],
  ['a benchmark of a service imports the testing library', 'services/events/bench/planted.ts', '@tidemark/testing'],
  ['the wire imports the database layer', 'services/events/src/rpc/planted.ts', '../db/pool.ts'],
  ['the database layer imports the domain', 'services/events/src/db/planted.ts', '../domain/micros.ts'],
])('%s: that is allowed', async (_, file, imported) => {
  const rules = await report(file, `import * as planted from '${imported}';\nplanted.toString();\n`);
  expect(rules.filter((rule) => [projects, layers, 'no-restricted-imports'].includes(rule))).toEqual([]);
});

test('only config.ts of a service reads the environment', async () => {
  const code = `export const port = process.env['PORT'];\n`;
  expect(await report('services/events/src/planted.ts', code)).toContain('no-restricted-properties');
  expect(await report('services/events/src/config.ts', code)).not.toContain('no-restricted-properties');
});

test('every project has a type, and a service a scope', () => {
  const folders = [
    'proto',
    'libs/contracts',
    'libs/grpc-kit',
    'libs/dev-db',
    'libs/mikro-orm-timescale',
    'libs/testing',
    'tools',
    'e2e',
  ];
  const tags = (folder: string): string[] =>
    (JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as { nx: { tags: string[] } }).nx.tags;
  for (const folder of folders) expect(tags(folder)).toEqual([expect.stringMatching(/^type:/)]);
  for (const name of ['events', 'users']) expect(tags(`services/${name}`)).toEqual(['type:service', `scope:${name}`]);
});
