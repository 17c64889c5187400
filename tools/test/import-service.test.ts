import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { until } from '@tidemark/testing';
import { ImportProcess, startEventsProcess, type EventsProcess, type Outcome } from './import-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'import-service-'));
const processes: ImportProcess[] = [];
let keeping: EventsProcess;

beforeAll(async () => {
  keeping = await startEventsProcess('none');
});

afterAll(async () => {
  for (const started of processes) started.kill();
  await keeping.stop();
  rmSync(folder, { recursive: true });
});

function start(args: string[], env?: Record<string, string>, service = keeping): ImportProcess {
  const started = new ImportProcess(['--events', `127.0.0.1:${service.port}`, ...args], env);
  processes.push(started);
  return started;
}

async function run(...args: string[]): Promise<Outcome> {
  return start(args).end();
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Lines of one UTC day, every one different. */
function logOf(day: string, count: number, from = 0): string {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(Date.UTC(2020, 0, 1) + (from + index) * 1_000).toISOString().slice(11, 19);
    return `203.0.113.9 - - [${day}:${at} +0000] "GET /${from + index} HTTP/1.1" 200 1 "-" "agent"\n`;
  }).join('');
}

test('imports several files, and nothing twice', async () => {
  const plain = file('plain.log', `${logOf('01/Mar/2020', 1_500)}\nbroken\n`);
  const packed = file('packed.log', gzipSync(logOf('02/Mar/2020', 700)));
  const first = await run(plain, packed);
  expect(first.stdout).toMatch(
    /^2,200 stored, 0 duplicates, 0 rejected, 1 malformed \(line .*plain\.log:1502\), 2,202 lines read in \d+\.\d s\n$/,
  );
  // What takes long tells its progress, too.
  const reports = first.stderr.split('\n').filter((line) => !/^(Importing|Waiting for) /.test(line));
  expect(reports).toEqual([`${plain}:1502: malformed: it does not begin as "host ident user [time]"`, '']);
  expect(first.code).toBe(0);
  expect((await run(plain, packed)).stdout).toMatch(/^0 stored, 2,200 duplicates,/);
  expect(await keeping.countByDay('2020-03-01', '2020-03-03')).toEqual({ '2020-03-01': 1_500, '2020-03-02': 700 });
});

const realLog = fileURLToPath(new URL('../../../shared/data/access-combined.log', import.meta.url));
const withRealLog = existsSync(realLog) ? test : test.skip;

withRealLog(`imports a real log (skipped where ${realLog} is absent)`, async () => {
  const first = await run(realLog);
  expect(first.stdout).toMatch(
    /^9,999 stored, 0 duplicates, 0 rejected, 1 malformed \(line 8899\), 10,000 lines read in \d+\.\d s\n$/,
  );
  expect((await run(realLog)).stdout).toMatch(/^0 stored, 9,999 duplicates, 0 rejected, 1 malformed \(line 8899\),/);
  // One of the 2,579 lines of the last day is the malformed one.
  expect(await keeping.countByDay('2015-05-01', '2015-06-01')).toEqual({
    '2015-05-17': 1_632,
    '2015-05-18': 2_893,
    '2015-05-19': 2_896,
    '2015-05-20': 2_578,
  });
});

test('stores each event once when the service is killed under it and comes back', async () => {
  const importing = start(['-']);
  await importing.write(logOf('01/Apr/2020', 8_000));
  // The last thousand are sent when more follow.
  await until(
    '7,000 are stored',
    async () => (await keeping.countByDay('2020-04-01', '2020-04-02'))['2020-04-01'] === 7_000,
  );
  keeping.freeze();
  let written = 0;
  const writing = (async () => {
    for (; written < 16_000; written += 1_000) await importing.write(logOf('01/Apr/2020', 1_000, 8_000 + written));
  })();
  // More than the buffers on the way hold, so that some are sent, and have no answer.
  await until('4,000 lines are written', () => written >= 4_000);
  await keeping.kill();
  await until('it is told that the service is away', () => importing.stderr.includes('The events service is away'));
  await keeping.restart();
  await writing;
  const { code, stdout } = await importing.end();
  const [, stored, duplicates] = /^([\d,]+) stored, ([\d,]+) duplicates?, 0 rejected, 0 malformed/.exec(stdout) ?? [];
  expect(numberOf(stored) + numberOf(duplicates)).toBe(24_000);
  expect(stdout).toMatch(/The service was away 1 time and [\d,]+ events sent again/);
  expect(code).toBe(0);
  expect(await keeping.countByDay('2020-04-01', '2020-04-02')).toEqual({ '2020-04-01': 24_000 });
});

describe('a service that keeps three months', () => {
  let forgetting: EventsProcess;

  beforeAll(async () => {
    forgetting = await startEventsProcess('3 months');
  });

  afterAll(() => forgetting.stop());

  test('refuses an old log, and takes it when it is moved to yesterday', async () => {
    const old = logOf('01/Mar/2020', 5) + logOf('29/Feb/2020', 4);
    const path = file('old.log', old);
    const refused = await start([path], {}, forgetting).end();
    expect(refused.stdout).toMatch(/^0 stored, 0 duplicates, 9 rejected \(9 TIME_TOO_OLD\), 0 malformed, 9 lines read/);
    expect(refused.stdout).toContain(
      'TIME_TOO_OLD: import with --shift-to yesterday, or run the service with a longer',
    );
    expect(refused.stderr).toContain(`${path}:1: TIME_TOO_OLD: `);
    expect(refused.code).toBe(1);

    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const moved = await start(['--shift-to', 'yesterday', '-'], { TMPDIR: temporary }, forgetting).end(old);
    expect(moved.stdout).toMatch(/^9 stored, 0 duplicates, 0 rejected/);
    expect(readdirSync(temporary)).toEqual([]);
    const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    expect(await forgetting.countByDay(day(3), day(0))).toEqual({ [day(2)]: 4, [day(1)]: 5 });

    // The same lines from a file, moved by as much, are the same events.
    expect((await start(['--shift-to', day(1), path], {}, forgetting).end()).stdout).toMatch(/^0 stored, 9 duplicates/);
  });
});

describe('Ctrl-C', () => {
  test('while importing: what is stored is said', async () => {
    const importing = start(['-']);
    await importing.write(logOf('01/May/2020', 3_000));
    await until(
      '2,000 are stored',
      async () => (await keeping.countByDay('2020-05-01', '2020-05-02'))['2020-05-01'] === 2_000,
    );
    // What the database has is told to the importer a moment later.
    await sleep(2_000);
    importing.interrupt();
    const { code, stdout } = await importing.outcome();
    expect(stdout).toMatch(/^So far: 2,000 stored, .*3,000 lines read/);
    expect(stdout).toContain('Run it again with the same options to import the rest: nothing is stored twice.');
    expect(code).toBe(130);
  });

  test('while standard input is copied: the copy is removed', async () => {
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const importing = start(['--shift-to', 'yesterday', '-'], { TMPDIR: temporary });
    await importing.write(logOf('01/May/2020', 3_000));
    await until('there is a temporary file', () => readdirSync(temporary).length > 0);
    importing.interrupt();
    expect((await importing.outcome()).code).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('in one line', () => {
  test.each([
    [['no-such-file'], 1, 'no-such-file is not there: check the name.'],
    [[folder], 1, `${folder} is a folder: name the files in it.`],
    [[], 2, 'No file given: name an access log, or "-" for standard input.'],
    [['--bad', 'x'], 2, "Unknown option '--bad'. See --help."],
  ])('refuses %j', async (args, code, line) => {
    expect(await run(...args)).toEqual({ code, stdout: '', stderr: `${line}\n` });
  });

  test('says that packed data is cut off, and what was stored', async () => {
    const path = file('cut.gz', gzipSync(logOf('01/Jun/2020', 20_000)).subarray(0, 60_000));
    const { code, stdout, stderr } = await run(path);
    // What takes long is preceded by its progress.
    expect(stderr.split('\n').at(-2)).toBe(`${path} cannot be read: its gzip data is damaged or cut off.`);
    expect(stdout).toMatch(/^So far: /);
    expect(code).toBe(1);
  });
});

function numberOf(text: string | undefined): number {
  return Number(text?.replaceAll(',', ''));
}
