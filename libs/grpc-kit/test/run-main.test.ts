import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

interface Toy {
  child: ChildProcess;
  exit: Promise<unknown[]>;
  output: Promise<string>;
  errors: Promise<string>;
}

function start(way: string): Toy {
  const child = fork(fileURLToPath(new URL('toy-process.ts', import.meta.url)), [way], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (!child.stdout || !child.stderr) throw new Error('the child has no pipes');
  return { child, exit: once(child, 'exit'), output: text(child.stdout), errors: text(child.stderr) };
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops in order and ends with 0', async (signal) => {
  const { child, exit, output } = start('serves');
  expect(await once(child, 'message')).toMatchObject([{ listening: 7 }]);
  child.kill(signal);
  expect(await exit).toEqual([0, null]);
  expect(await output).toContain('stopped\n');
});

test('a second signal ends it at once', async () => {
  const { child, exit } = start('hangs');
  await once(child, 'message');
  child.kill('SIGTERM');
  expect(await once(child, 'message')).toEqual(['stopping', undefined]);
  child.kill('SIGTERM');
  expect(await exit).toEqual([1, null]);
});

test('it stops when its parent is gone', async () => {
  const { child, exit, output } = start('serves');
  await once(child, 'message');
  child.disconnect();
  expect(await exit).toEqual([0, null]);
  expect(await output).toContain('stopped\n');
});

test('a task ends by itself', async () => {
  expect(await start('task').exit).toEqual([0, null]);
});

test.each([
  ['refuses', 'Port 7 is in use: choose another.\n'],
  ['throws', 'LOG_LEVEL is "loud".\n'],
  ['unreachable', 'The database cannot be reached: check DATABASE_URL and that it runs.\n'],
])('a start that %s is one line and exit code 1', async (way, line) => {
  const { exit, errors } = start(way);
  expect(await exit).toEqual([1, null]);
  expect(await errors).toBe(line);
});
