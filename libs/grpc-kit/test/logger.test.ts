import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

test('an error is logged without the row that PostgreSQL quotes', () => {
  const module = fileURLToPath(new URL('../src/logger.ts', import.meta.url));
  const code = `
    const { createLogger } = await import('${module}');
    const cause = Object.assign(new Error('inner'), { detail: 'Failing row contains (secret)', code: '23514' });
    const error = Object.assign(new Error('outer', { cause }), { where: 'COPY events, line 1: "secret"', code: '23505' });
    createLogger({ name: 'toy', pretty: false }).error({ err: error }, 'call failed');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(JSON.parse(stdout)).toMatchObject({
    service: 'toy',
    err: { message: expect.stringMatching(/outer/) as string, code: '23505' },
  });
  expect(stdout).not.toContain('secret');
});
