import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { emptyDatabase, freePort, testServerUrl, type TestDatabase } from '@tidemark/testing';
import { accessLog, accessLogIsThere, countsOfDays, readAccessLog, shiftedRange, shiftMs } from './access-log.ts';
import { root, runTool, written, type Running } from './processes.ts';

const run = promisify(execFile);
let folder: string;
let ports: { events: number; users: number };
let tidemark: Running;
/** Undefined: it starts one of its own. */
let database: TestDatabase | undefined;

beforeAll(async () => {
  if (testServerUrl) database = await emptyDatabase();
  folder = mkdtempSync(join(tmpdir(), 'tidemark-e2e-'));
  ports = { events: await freePort(), users: await freePort() };
  tidemark = await startTidemark();
});
afterAll(async () => {
  tidemark.child.kill('SIGTERM');
  await tidemark.exit;
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function environment(): Record<string, string> {
  return {
    TIDEMARK_DATA_DIR: folder,
    EVENTS_PORT: String(ports.events),
    USERS_PORT: String(ports.users),
    DATABASE_URL: database?.url ?? '',
  };
}

async function startTidemark(): Promise<Running> {
  const running = runTool('start', [], environment());
  await written(running, 'Ctrl-C stops everything.');
  return running;
}

/** A call as a person makes it: through reflection, with no .proto file at hand. */
async function curl(port: number, method: string, request: object): Promise<Record<string, unknown>> {
  const url = `http://127.0.0.1:${port}/tidemark.${method}`;
  const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', JSON.stringify(request), url];
  const { stdout } = await run(`${root}node_modules/.bin/buf`, args, { cwd: folder });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** The pids of the processes that Tidemark runs, by a part of their command line. */
async function pidsOf(part: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(part) && Number(line.trim().split(/\s+/)[1]) === tidemark.child.pid)
    .map((line) => parseInt(line, 10));
}

async function importLog(): Promise<string> {
  const args = [accessLog, '--shift-to', 'yesterday', '--events', `127.0.0.1:${ports.events}`];
  const importer = runTool('import', args);
  expect(await importer.exit).toBe(0);
  return importer.output.text;
}

async function countsBy(width: object, timeZone = ''): Promise<Array<[start: string, count: number]>> {
  const answer = await curl(ports.events, 'events.v1.EventsService/QueryBuckets', {
    range: shiftedRange,
    width,
    timeZone,
  });
  return (answer['buckets'] as Array<{ start: string; count: string }>).map(({ start, count }) => [
    start,
    Number(count),
  ]);
}

(accessLogIsThere ? describe : describe.skip)('a real access log (skipped where it is not there)', () => {
  test('is imported once, however often it is sent and whatever is killed meanwhile', async () => {
    const importing = importLog();
    for (const [part, pauseMs] of [
      ['services/events', 150],
      ['child.ts', 900],
      ['services/events', 400],
    ] as const) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      for (const pid of await pidsOf(part)) process.kill(pid, 'SIGKILL');
    }
    await importing;
    const again = await importLog();
    expect(again).toMatch(/\b0 stored, 9,999 duplicates\b/);
    expect(again).toMatch(/\b1 malformed \(line 8,?899\)/);
    const days = await countsBy({ unit: 'TIME_UNIT_DAY' });
    expect(days.map(([, count]) => count)).toEqual(countsOfDays);
  });

  test('is counted by hour and by page as it says itself', async () => {
    const hours = await countsBy({ unit: 'TIME_UNIT_HOUR' });
    expect(hours.slice(0, 5).map(([, count]) => count)).toEqual([74, 111, 115, 118, 120]);
    const top = await curl(ports.events, 'events.v1.EventsService/TopValues', {
      range: shiftedRange,
      dimension: 'DIMENSION_PAGE',
    });
    const values = (top['values'] as Array<{ value: string; count: string }>).map(
      ({ value, count }) => `${value} ${count}`,
    );
    expect(values.slice(0, 3)).toEqual(['/favicon.ico 807', '/style2.css 546', '/reset.css 538']);
  });

  test.each(['America/New_York', 'Asia/Kathmandu', 'Europe/Berlin'])(
    'is counted by the days of %s',
    async (timeZone) => {
      const day = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
      const expected = new Map<string, number>();
      for (const { timeMs } of readAccessLog()) {
        const date = day.format(timeMs + shiftMs);
        expected.set(date, (expected.get(date) ?? 0) + 1);
      }
      const counted = await countsBy({ unit: 'TIME_UNIT_DAY' }, timeZone);
      expect(counted.map(([start, count]) => [day.format(Date.parse(start)), count])).toEqual([...expected].sort());
    },
  );
});

test('a user is created, found and verified', async () => {
  const user = { username: 'Grace', email: 'grace@example.org' };
  const created = await curl(ports.users, 'users.v1.UsersService/CreateUser', { user, password: 'a long password' });
  const { id } = created['user'] as { id: string };
  const found = await curl(ports.users, 'users.v1.UsersService/LookupUser', { username: 'gRACE' });
  expect(found['user']).toMatchObject({ id, email: 'grace@example.org' });
  const verified = await curl(ports.users, 'users.v1.CredentialsService/VerifyPassword', {
    email: 'GRACE@example.org',
    password: 'a long password',
  });
  expect(verified).toEqual({ verified: true, userId: id });
});

test('money that moves in users is history in events', async () => {
  const person = { username: 'Mary', email: 'mary@example.org' };
  const { user } = (await curl(ports.users, 'users.v1.UsersService/CreateUser', { user: person })) as {
    user: { id: string };
  };
  const opened = await curl(ports.users, 'users.v1.AccountsService/OpenAccount', { userId: user.id, currency: 'EUR' });
  const { id } = opened['account'] as { id: string };
  const deposit = { accountId: id, amountMinor: '9007199254740993', kind: 'deposit', idempotencyKey: 'first' };
  for (let each = 0; each < 2; each += 1) {
    const posted = await curl(ports.users, 'users.v1.AccountsService/PostTransaction', deposit);
    expect(posted['account']).toMatchObject({ balanceMinor: '9007199254740993', sequence: '1' });
  }
  for (let waiting = 1; waiting > 0;) {
    const { backlogs } = (await curl(ports.users, 'users.v1.OutboxService/GetOutbox', {})) as {
      backlogs: { waitingCount?: string }[];
    };
    waiting = backlogs.filter(({ waitingCount = '0' }) => waitingCount !== '0').length;
  }
  const history = await curl(ports.events, 'events.v1.TransactionsService/ListTransactions', {
    accountId: id,
    range: { start: '2020-01-01T00:00:00Z', end: '2200-01-01T00:00:00Z' },
  });
  expect(history['transactions']).toEqual([
    expect.objectContaining({ accountId: id, userId: user.id, amountMinor: '9007199254740993', kind: 'deposit' }),
  ]);
  expect(await curl(ports.users, 'users.v1.AccountsService/ReconcileAccount', { id })).toMatchObject({ equal: true });
});

test('what was stored is there after everything was stopped and started', async () => {
  tidemark.child.kill('SIGINT');
  expect(await tidemark.exit).toBe(0);
  expect(await pidsOf('services/')).toEqual([]);
  tidemark = await startTidemark();
  expect(await curl(ports.users, 'users.v1.UsersService/LookupUser', { email: 'grace@example.org' })).toMatchObject({
    user: { username: 'Grace' },
  });
});

describe('what stands in the way is one line and exit code 1', () => {
  async function refusal(env: Record<string, string>): Promise<string> {
    const { exit, output } = runTool('start', [], env);
    expect(await exit).toBe(1);
    expect(output.text.trimEnd()).not.toContain('\n');
    return output.text;
  }

  test('a port that is in use', async () => {
    expect(await refusal(environment())).toMatch(new RegExp(`Port ${ports.events} .* EVENTS_PORT`));
  });

  // A server that is given has no data folder here.
  (testServerUrl ? test.skip : test)('a data folder that is in use', async () => {
    const others = { EVENTS_PORT: String(await freePort()), USERS_PORT: String(await freePort()) };
    expect(await refusal({ ...environment(), ...others })).toContain(folder);
  });

  test('a server that is not there', async () => {
    const others = { EVENTS_PORT: String(await freePort()), USERS_PORT: String(await freePort()) };
    expect(await refusal({ ...others, DATABASE_URL: 'postgresql://u:secret@127.0.0.1:1/d' })).not.toContain('secret');
  });
});
