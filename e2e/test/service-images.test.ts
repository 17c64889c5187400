import { readFileSync } from 'node:fs';
import { docker, imageName, unlessSkipped, withImages } from './local-images.ts';
import { root } from './processes.ts';

const confined = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'none'];

withImages(`the images of the services${unlessSkipped}`, () => {
  describe.each(['EVENTS_IMAGE', 'USERS_IMAGE'] as const)('%s', (setting) => {
    test('is under 300 MB', async () => {
      const { output } = await docker('image', 'inspect', '--format', '{{.Size}}', imageName(setting));
      expect(Number(output) / 1e6).toBeGreaterThan(100);
      expect(Number(output) / 1e6).toBeLessThan(300);
    });

    test.each([['dist/main.js'], ['dist/migrate.js']])('runs %s confined, not as root', async (program) => {
      expect(await inside(setting, '-p', 'process.getuid()')).toEqual({ code: 0, output: '10001\n' });
      const { code, output } = await inside(setting, program);
      // It gets as far as its own configuration.
      expect(output).toMatch(/^DATABASE_URL is not set[^\n]*\n$/);
      expect(code).toBe(1);
    });

    test('runs on the Node of the lockfile', async () => {
      expect((await inside(setting, '--version')).output).toBe(`${process.version}\n`);
    });

    test('holds no development package, no embedded database and no npm', async () => {
      const list = `fs.globSync(['/app/**/node_modules/*', '/app/**/node_modules/@*/*', '/usr/local/**/npm*']).join('\\n')`;
      const { output } = await inside(setting, '-p', list);
      const held = new Set(
        output
          .trim()
          .split('\n')
          .map((path) => path.replace(/^.*\/node_modules\//, '')),
      );
      expect(held).toContain('pg');
      const developed = Object.keys(manifest('').devDependencies);
      const embedded = Object.keys(manifest('libs/dev-db/').dependencies).filter((name) => name.includes('pglite'));
      expect(embedded).not.toEqual([]);
      for (const name of [...developed, ...embedded, '@tidemark/dev-db', 'npm']) expect(held).not.toContain(name);
    });

    test('tells what it is', async () => {
      const { output } = await docker('image', 'inspect', '--format', '{{json .Config}}', imageName(setting));
      const config = JSON.parse(output) as { Labels: Record<string, string>; StopSignal: string; Healthcheck: object };
      expect(config.Labels['org.opencontainers.image.title']).toBe(
        setting === 'EVENTS_IMAGE' ? 'tidemark-events' : 'tidemark-users',
      );
      expect(config.StopSignal).toBe('SIGTERM');
      expect(config.Healthcheck).toBeDefined();
    });
  });
});

/** Runs Node in the image. */
function inside(setting: 'EVENTS_IMAGE' | 'USERS_IMAGE', ...args: string[]) {
  return docker('run', '--rm', ...confined, imageName(setting), ...args);
}

function manifest(folder: string): { dependencies: object; devDependencies: object } {
  return JSON.parse(readFileSync(`${root}${folder}package.json`, 'utf8')) as never;
}
