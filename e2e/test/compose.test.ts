import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessLog, accessLogIsThere } from './access-log.ts';
import { Compose } from './compose.ts';
import { unlessSkipped, withImages } from './local-images.ts';
import { runTool } from './processes.ts';

withImages(`docker compose${unlessSkipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-compose-test-'));
  const compose = new Compose();

  beforeAll(async () => {
    await compose.setUp();
    await compose.up();
  });
  afterAll(async () => {
    await compose.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the migrations are done and both services are healthy', async () => {
    for (const job of ['migrate-events', 'migrate-users']) {
      expect(await compose.inspect(job, '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 0');
    }
    for (const service of ['events', 'users']) {
      expect(await compose.inspect(service, '{{.State.Health.Status}}')).toBe('healthy');
    }
  });

  test('an import through the published port stores everything, which is still there after down and up', async () => {
    const [log, lines] = accessLogIsThere ? [accessLog, '9,999'] : [smallLog(), '300'];
    expect(await importLog(log)).toMatch(new RegExp(`^${lines} stored, 0 duplicates, 0 rejected`, 'm'));
    await compose.run('down');
    await compose.up();
    expect(await importLog(log)).toMatch(new RegExp(`^0 stored, ${lines} duplicates, 0 rejected`, 'm'));
  });

  test.each([
    ['tidemark_events', 'users.users'],
    ['tidemark_events', 'users.credentials'],
    ['tidemark_events', 'users.settings'],
    ['tidemark_users', 'events.events'],
    ['tidemark_users', 'events.settings'],
  ] as const)('%s is refused %s', async (role, table) => {
    const password = passwordOf(role === 'tidemark_events' ? 'events' : 'users');
    const { code, output } = await compose.sql(role, password, `SELECT count(*) FROM ${table}`);
    expect(output).toMatch(/permission denied for schema/);
    expect(code).not.toBe(0);
    expect((await compose.sql('tidemark', passwordOf('database'), `SELECT count(*) FROM ${table}`)).code).toBe(0);
  });

  test('a role can neither become another nor read the chunks of the other, and needs its own password', async () => {
    const users = passwordOf('users');
    for (const other of ['tidemark', 'tidemark_events']) {
      expect((await compose.sql('tidemark_users', users, `SET ROLE ${other}`)).output).toMatch(/permission denied/);
    }
    const chunks = await compose.sql('tidemark', passwordOf('database'), `SELECT show_chunks('events.events') LIMIT 1`);
    const chunk = chunks.output.trim();
    expect(chunk).toMatch(/_chunk$/);
    expect((await compose.sql('tidemark_users', users, `TABLE ${chunk}`)).output).toMatch(/permission denied/);
    expect((await compose.sql('tidemark_events', users, 'SELECT 1')).output).toMatch(/password authentication failed/);
  });

  test('only the services are published, and on this machine alone', async () => {
    const published = '{{range $port, $hosts := .NetworkSettings.Ports}}{{range $hosts}}{{.HostIp}} {{end}}{{end}}';
    expect(await compose.inspect('events', published)).toBe('127.0.0.1');
    expect(await compose.inspect('users', published)).toBe('127.0.0.1');
    expect(await compose.inspect('database-apache', published)).toBe('');
  });

  test.each(['database-apache', 'events', 'users'])('%s runs confined', async (service) => {
    const facts = '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}';
    expect(await compose.inspect(service, facts)).toBe('true [ALL] [no-new-privileges:true]');
    expect(Number(await compose.inspect(service, '{{.HostConfig.Memory}}'))).toBeGreaterThan(0);
    expect((await compose.exec(service, 'id', '-u')).output).toMatch(/^[1-9]/);
  });

  test('the health check follows the database', async () => {
    /** The exit code with which it says so, once it does. */
    const codeWith = async (said: string): Promise<number> => {
      for (;;) {
        const { code, output } = await compose.exec('events', 'node', 'dist/health-check.js', '50051');
        if (output === `${said}\n`) return code;
        await sleep(500);
      }
    };
    await compose.run('stop', 'database-apache');
    expect(await codeWith('NOT_SERVING')).toBe(1);
    await compose.run('start', 'database-apache');
    expect(await codeWith('SERVING')).toBe(0);
  });

  test('a service that is stopped ends in order', async () => {
    await compose.run('stop', '--timeout', '60', 'events', 'users');
    for (const service of ['events', 'users']) {
      expect(await compose.inspect(service, '{{.State.ExitCode}}')).toBe('0');
      expect(await compose.run('logs', service)).toContain('SIGTERM: stopping');
    }
  });

  function passwordOf(role: 'database' | 'events' | 'users'): string {
    return readFileSync(join(compose.secretsDir, `${role}_password`), 'utf8');
  }

  async function importLog(file: string): Promise<string> {
    const args = [file, '--shift-to', 'yesterday', '--events', await compose.address('events')];
    const { exit, output } = runTool('import', args);
    await exit;
    return output.text;
  }

  function smallLog(): string {
    const file = join(folder, 'access.log');
    const line = (n: number): string =>
      `10.0.0.${n % 7} - - [17/May/2015:10:${String(n % 60).padStart(2, '0')}:00 +0000] "GET /page-${n} HTTP/1.1" 200 512\n`;
    writeFileSync(file, Array.from({ length: 300 }, (_, n) => line(n)).join(''));
    return file;
  }
});
