import { createServer, connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createLogger, onceReachable } from '../src/index.ts';

const log = createLogger({ name: 'waiting', level: 'silent', pretty: false });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Connects, which fails until something listens. */
async function reach(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  return 'reached';
}

test('work is begun again until what it needs is there', async () => {
  const port = await freePort();
  const server = createServer();
  setTimeout(() => server.listen(port, '127.0.0.1'), 800);
  await expect(onceReachable(() => reach(port), { waitMs: 20_000, log })).resolves.toBe('reached');
  server.close();
});

test('it gives up in time, with what was wrong', async () => {
  const port = await freePort();
  const began = Date.now();
  await expect(onceReachable(() => reach(port), { waitMs: 1_200, log })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  // Far from it only where the machine is very busy.
  expect(Date.now() - began).toBeLessThan(30_000);
});

test.each([
  ['nothing is waited for', 0, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })],
  ['waiting would not help', 60_000, Object.assign(new Error('wrong password'), { code: '28P01' })],
])('it fails at once where %s', async (_, waitMs, error) => {
  let times = 0;
  const work = (): Promise<never> => {
    times += 1;
    return Promise.reject(error);
  };
  await expect(onceReachable(work, { waitMs, log })).rejects.toBe(error);
  expect(times).toBe(1);
});
