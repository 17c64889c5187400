import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { docker, outcomeOf, settings, type Outcome } from './local-images.ts';
import { root } from './processes.ts';

const healthyWithinMs = 120_000;
let command: string[] | undefined;

/** The system of docker-compose.yml, on ports and with passwords of its own. */
export class Compose {
  readonly secretsDir: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tidemark-compose-'));
  readonly #project = `tidemark-e2e-${process.pid}`;

  constructor() {
    this.secretsDir = join(this.#folder, 'secrets');
  }

  async setUp(): Promise<void> {
    const { code, output } = await outcomeOf('sh', [join(root, 'tools/compose-setup.sh'), this.#folder]);
    if (code !== 0) throw new Error(output);
  }

  /** Starts everything and waits until all of it is healthy. */
  async up(): Promise<void> {
    await this.run('up', '-d', '--no-build');
    const giveUpAt = Date.now() + healthyWithinMs;
    for (const service of ['database-apache', 'events', 'users']) {
      while ((await this.inspect(service, '{{.State.Health.Status}}')) !== 'healthy') {
        if (Date.now() > giveUpAt) throw new Error(`${service} is not healthy:\n${await this.run('logs', service)}`);
        await sleep(500);
      }
    }
  }

  /** @throws unless the exit code is 0 */
  async run(...args: string[]): Promise<string> {
    const { code, output } = await this.#compose(args);
    if (code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with ${code}:\n${output}`);
    return output.trim();
  }

  async inspect(service: string, format: string): Promise<string> {
    return (await docker('inspect', '--format', format, await this.#container(service))).output.trim();
  }

  /** Runs a command inside a container. */
  async exec(service: string, ...command: string[]): Promise<Outcome> {
    return docker('exec', await this.#container(service), ...command);
  }

  /** "127.0.0.1:PORT" */
  address(service: 'events' | 'users'): Promise<string> {
    return this.run('port', service, service === 'events' ? '50051' : '50052');
  }

  /** Runs SQL as a role that logs in with a password. */
  sql(role: 'tidemark' | 'tidemark_events' | 'tidemark_users', password: string, sql: string): Promise<Outcome> {
    const psql = ['psql', '-At', '-h', '127.0.0.1', '-U', role, '-d', 'tidemark', '-c', sql];
    return this.exec('database-apache', 'env', `PGPASSWORD=${password}`, ...psql);
  }

  async remove(): Promise<void> {
    await this.run('down', '--volumes', '--timeout', '5');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Compose itself would take longer to tell, and not list a container that has ended. */
  async #container(service: string): Promise<string> {
    const labels = [`com.docker.compose.project=${this.#project}`, `com.docker.compose.service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
    return (await docker('ps', '--all', '--quiet', ...filters)).output.trim();
  }

  async #compose(args: string[]): Promise<Outcome> {
    command ??= (await docker('compose', 'version')).code === 0 ? ['docker', 'compose'] : ['docker-compose'];
    const [program = '', ...first] = command;
    return outcomeOf(program, [...first, '--project-name', this.#project, ...args], {
      ...settings(),
      COMPOSE_PROFILES: 'apache',
      SECRETS_DIR: this.secretsDir,
      EVENTS_PORT: '0',
      USERS_PORT: '0',
    });
  }
}
