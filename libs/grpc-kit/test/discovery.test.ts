import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AddressTaken, createLogger, startServer } from '../src/index.ts';
import { startToy, type Toy } from './toy-server.ts';

const run = promisify(execFile);
const bin = fileURLToPath(new URL('../../../node_modules/.bin/buf', import.meta.url));
let toy: Toy;

beforeAll(async () => {
  toy = await startToy({});
});
afterAll(() => toy.stop());

/** Calls a method by reflection alone, in a folder where no .proto file is. */
async function curl(method: string, ...args: string[]): Promise<string> {
  const url = `http://${toy.address}/${method}`;
  const { stdout } = await run(bin, ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args, url], {
    cwd: '/',
  });
  return stdout;
}

test('buf curl needs no .proto file', async () => {
  expect(JSON.parse(await curl('tidemark.events.v1.EventsService/GetEvent', '-d', '{"id": "x"}'))).toEqual({});
  const services = await curl('', '--list-services');
  expect(services.trim().split('\n').sort()).toEqual(['grpc.health.v1.Health', 'tidemark.events.v1.EventsService']);
});

test('health is asked in the standard way, for the server and for each service', async () => {
  for (const service of ['', 'tidemark.events.v1.EventsService']) {
    const reply = await curl('grpc.health.v1.Health/Check', '-d', JSON.stringify({ service }));
    expect(JSON.parse(reply)).toEqual({ status: 'SERVING' });
  }
  await expect(curl('grpc.health.v1.Health/Check', '-d', '{"service": "nobody"}')).rejects.toThrow(/not_found/);
});

test('health says NOT_SERVING while the service cannot do its work', async () => {
  const sick = await startToy({ check: () => Promise.reject(new Error('no database')) });
  const { stdout } = await run(bin, [
    'curl', '--protocol', 'grpc', '--http2-prior-knowledge', `http://${sick.address}/grpc.health.v1.Health/Check`,
  ]); // prettier-ignore
  await sick.stop();
  expect(JSON.parse(stdout)).toEqual({ status: 'NOT_SERVING' });
});

test('a port that is in use is one clear line', async () => {
  const second = startServer({
    host: '127.0.0.1',
    port: toy.server.port,
    services: [],
    faults: [],
    log: createLogger({ name: 'second', level: 'silent', pretty: false }),
    check: () => Promise.resolve(),
    maxRequestBytes: 1_000,
  });
  await expect(second).rejects.toThrow(AddressTaken);
  await expect(second).rejects.toThrow(new RegExp(`^Port ${toy.server.port} on 127.0.0.1 is in use.*another port.$`));
});

test('health says NOT_SERVING when the check does not come back', async () => {
  const frozen = await startToy({ check: () => new Promise(() => undefined) });
  const url = `http://${frozen.address}/grpc.health.v1.Health/Check`;
  const { stdout } = await run(bin, ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', url]);
  await frozen.stop();
  expect(JSON.parse(stdout)).toEqual({ status: 'NOT_SERVING' });
});
