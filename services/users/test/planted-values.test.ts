import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { mailbox, type Mailbox } from './mailbox.ts';
import { credentialsCalls } from './planted/credentials-calls.ts';
import type { Conversation } from './planted/conversation.ts';
import { freshDatabase } from './running-users.ts';
import { untilEmpty } from './until-empty.ts';

// Each talks to the service with secrets and addresses, makes it fail as well, and hands back every error.
const conversations: Record<string, Conversation> = { CredentialsService: credentialsCalls };

/** The service as a process of its own that tells everything it can tell. */
interface Process {
  readonly port: number;
  readonly output: () => string;
  stop(): Promise<void>;
}

async function start(databaseUrl: string, box: Mailbox): Promise<Process> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/main.ts')], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      USERS_PORT: '0',
      LOG_LEVEL: 'trace',
      ARGON2_MEMORY_KIB: '64',
      ARGON2_PASSES: '1',
      ARGON2_ALLOW_WEAK: 'yes',
      OUTBOX_ATTEMPTS: '2',
      SMTP_URL: `smtp://127.0.0.1:${box.port}`,
      SMTP_TLS: 'optional',
      MAIL_FROM: 'no-reply@example.com',
      GRPC_TRACE: 'all',
      GRPC_VERBOSITY: 'DEBUG',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // With all that it has said, which the end of the process may come before.
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => void (output += text));
  }
  const port = await portOf(child, () => output);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await closed;
  };
  return { port, output: () => output, stop };
}

async function portOf(child: ChildProcess, output: () => string): Promise<number> {
  for (let waited = 0; waited < 60_000 && child.exitCode === null; waited += 50) {
    const [, port] = /serving on 127\.0\.0\.1:(\d+)/.exec(output()) ?? [];
    if (port !== undefined) return Number(port);
    await setTimeout(50);
  }
  throw new Error(`the service does not serve: ${output()}`);
}

test.each(Object.keys(conversations))(
  'no secret and no address that %s is told is in any output, error, audit entry or message that waits',
  async (name) => {
    const database = await freshDatabase();
    const sql = new Client(database.url);
    await sql.connect();
    const box = await mailbox();
    const service = await start(database.url, box);
    try {
      const { planted, errors } = (await conversations[name]?.({ port: service.port, sql, box })) ?? {};
      await untilEmpty(sql);
      const { rows } = await sql.query<{ row: string }>(`
        select to_jsonb(a)::text as row from users.audit_entries a
        union all select to_jsonb(d)::text from users.dead_letters d`);
      await service.stop();

      // What is looked through is there at all.
      expect(service.output()).toMatch(/call failed/);
      expect(service.output()).toMatch(/"level":50/);
      expect(errors?.length).toBeGreaterThan(0);
      expect(rows.length).toBeGreaterThan(0);
      const texts = {
        output: service.output(),
        errors: errors?.join('\n') ?? '',
        rows: rows.map(({ row }) => row).join('\n'),
      };
      for (const [where, text] of Object.entries(texts)) {
        const found = Object.entries(planted ?? {}).filter(([, value]) => text.includes(value));
        expect(found.map(([what, value]) => `${what} in ${where}: ${around(text, value)}`)).toEqual([]);
      }
    } finally {
      await service.stop();
      await box.stop();
      await sql.end();
      await database.stop();
    }
  },
);

function around(text: string, value: string): string {
  const at = text.indexOf(value);
  return text.slice(Math.max(0, at - 200), at + value.length + 50);
}
