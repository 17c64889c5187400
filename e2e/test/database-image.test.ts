import { setTimeout as sleep } from 'node:timers/promises';
import { docker, imageName, unlessSkipped, withImages, type Outcome } from './local-images.ts';

withImages(`the image of the Apache edition${unlessSkipped}`, () => {
  const name = `tidemark-database-image-${process.pid}`;
  const trust = ['-e', 'POSTGRES_HOST_AUTH_METHOD=trust'];

  afterEach(async () => {
    await docker('rm', '--force', '--volumes', name);
    await docker('volume', 'rm', '--force', name);
  });

  test('wants a password, in one line', async () => {
    const { code, output } = await docker('run', '--rm', imageName('APACHE_IMAGE'));
    expect(output).toMatch(/^There is no password: set POSTGRES_PASSWORD_FILE[^\n]*\n$/);
    expect(code).toBe(1);
  });

  test('takes user, password, database and settings, and stops at once though a client stays', async () => {
    const env = ['-e', 'POSTGRES_USER=Ann', '-e', `POSTGRES_PASSWORD=it's "so"`, '-e', 'POSTGRES_DB=my "base"'];
    await start(env, '-c', 'max_connections=33');
    const address = ['-h', '127.0.0.1', '-U', 'Ann', '-d', 'my "base"'];
    const asked = ['-Atc', 'SHOW max_connections', '-c', `CREATE EXTENSION timescaledb`];
    const answer = await docker('exec', '-e', `PGPASSWORD=it's "so"`, name, 'psql', ...address, ...asked);
    expect(answer.output).toMatch(/^33\nCREATE EXTENSION\n/);
    const wrong = await docker('exec', '-e', 'PGPASSWORD=other', name, 'psql', ...address, '-c', 'SELECT 1');
    expect(wrong.output).toMatch(/password authentication failed/);

    await docker('exec', '-d', name, 'psql', '-U', 'Ann', '-d', 'postgres', '-c', 'SELECT pg_sleep(100)');
    const began = Date.now();
    await docker('stop', '--time', '90', name);
    expect(Date.now() - began).toBeLessThan(60_000);
    expect((await docker('inspect', '--format', '{{.State.ExitCode}}', name)).output).toBe('0\n');
  });

  test('killed while it makes its cluster, it begins anew; later it keeps what is there', async () => {
    const volume = ['-v', `${name}:/var/lib/postgresql/data`];
    for (const pauseMs of [200, 500, 900, 1_400]) {
      await docker('run', '-d', '--name', name, ...volume, ...trust, imageName('APACHE_IMAGE'));
      await sleep(pauseMs);
      await docker('rm', '--force', name);
    }
    await start([...volume, ...trust]);
    expect((await psql('CREATE TABLE kept AS SELECT 7 AS n')).code).toBe(0);
    await docker('rm', '--force', name);
    await start([...volume, ...trust]);
    expect((await psql('TABLE kept')).output).toBe('7\n');
  });

  test('leaves a folder alone that holds something else', async () => {
    const volume = ['-v', `${name}:/var/lib/postgresql/data`];
    const write = ['--entrypoint', 'sh', imageName('APACHE_IMAGE'), '-c', 'echo mine >/var/lib/postgresql/data/file'];
    expect((await docker('run', '--rm', ...volume, ...write)).code).toBe(0);
    const { code, output } = await docker('run', '--rm', ...volume, ...trust, imageName('APACHE_IMAGE'));
    expect(output).toMatch(/holds files, but no cluster/);
    expect(code).toBe(1);
  });

  async function start(options: string[], ...args: string[]): Promise<void> {
    await docker('run', '-d', '--name', name, ...options, imageName('APACHE_IMAGE'), ...args);
    while ((await docker('exec', name, 'pg_isready', '-q', '-h', '127.0.0.1')).code !== 0) {
      const { output } = await docker('inspect', '--format', '{{.State.Running}}', name);
      if (output.trim() !== 'true') throw new Error((await docker('logs', name)).output);
      await sleep(200);
    }
  }

  function psql(sql: string): Promise<Outcome> {
    return docker('exec', name, 'psql', '-U', 'postgres', '-Atc', sql);
  }
});
