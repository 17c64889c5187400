import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { RpcError } from '@tidemark/grpc-kit';
import { realServer, type Server } from '@tidemark/testing';
import { accessLog, accessLogIsThere, countsOfDays, loggedRange } from './access-log.ts';
import { BuiltSystem, countsByDay, type EventsClient } from './built-system.ts';
import { runTool, type Running } from './processes.ts';

if (!realServer) console.info('No real server to kill: npm-start.test.ts kills the embedded database.');

(realServer && accessLogIsThere ? describe : describe.skip)('a real database server that is killed', () => {
  let server: Server;
  let system: BuiltSystem;

  beforeAll(async () => {
    if (!realServer) return;
    server = await realServer();
    system = new BuiltSystem(server.url);
    // A log that is moved is read to its end before anything is sent, so that this one stays where it is.
    await system.migrate({ EVENTS_RETENTION: 'none' });
  });
  afterAll(async () => {
    await system.stop();
    await server.stop();
  });

  test('in the middle of an import, and started again: the import goes on and stores all lines, each once', async () => {
    const { address, client } = await system.events();
    const importing = runTool('import', ['-', '--events', address]);
    const log = readFileSync(accessLog);
    const end = Math.floor(log.length * 0.8);
    const feeding = feed(importing, log.subarray(0, end));
    for (const atLeast of [1_000, 3_000, 4_500]) {
      while ((await storedSoFar(client)) < atLeast) await setTimeout(20);
      await server.kill();
      await setTimeout(500);
      await server.start();
    }
    await feeding;
    // It cannot have ended before the last kill: this is still to come.
    importing.child.stdin?.end(log.subarray(end));
    expect(await importing.exit).toBe(0);
    // What was stored when its reply was lost with the server is a duplicate when it is sent again.
    const [, stored, duplicates] = /([\d,]+) stored, ([\d,]+) duplicates/.exec(importing.output.text) ?? [];
    expect(numberOf(stored) + numberOf(duplicates)).toBe(9_999);
    expect(await countsByDay(client, loggedRange)).toEqual(countsOfDays);
  });
});

/** How many lines are stored; 0 while the database comes up. */
async function storedSoFar(client: EventsClient): Promise<number> {
  const counts = await countsByDay(client, loggedRange).catch((error: unknown) => {
    if (!(error instanceof RpcError)) throw error;
    return [];
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function numberOf(text = ''): number {
  return Number(text.replaceAll(',', ''));
}

/** Bit by bit, so that the server is killed between bits. */
async function feed({ child }: Running, log: Buffer): Promise<void> {
  const pieces = 80;
  const size = Math.ceil(log.length / pieces);
  for (let at = 0; at < log.length; at += size) {
    child.stdin?.write(log.subarray(at, at + size));
    await setTimeout(40);
  }
}
