import { keepOutput, keptOutputDir } from '@tidemark/testing';
import { Client } from 'pg';
import { keepSecret } from './keep-secret.ts';

/**
 * For test databases: keeps what was ever in the tables of the audit and of the outbox, which most messages leave soon,
 * and the hashes.
 */
export const keepRows = `
  create schema kept;
  create table kept.rows (relation text not null, content text not null);
  create function kept.keep() returns trigger language plpgsql security definer as $$
    begin
      insert into kept.rows values (tg_table_name, to_jsonb(new)::text);
      return null;
    end $$;
  ${['audit_entries', 'outbox', 'dead_letters', 'tokens', 'credentials']
    .map(
      (table) =>
        `create trigger keep after insert or update on users.${table} for each row execute function kept.keep();`,
    )
    .join('\n  ')}`;

/** Hands them to the check at the end of the run. */
export async function readKeptRows(databaseUrl: string): Promise<void> {
  if (keptOutputDir() === undefined) return;
  const sql = new Client(databaseUrl);
  await sql.connect();
  const { rows } = await sql.query<{ relation: string; content: string }>('select distinct * from kept.rows');
  await sql.end();
  for (const { relation, content } of rows) {
    if (relation === 'tokens' || relation === 'credentials') keepHash(content);
    else keepOutput('row', `${relation} ${content}`);
  }
}

function keepHash(content: string): void {
  const { hash, password_hash: passwordHash } = JSON.parse(content) as { hash?: string; password_hash?: string };
  // Without the parameters, which any hash begins with.
  if (passwordHash !== undefined) keepSecret('hash', passwordHash.split('$').at(-1) ?? '');
  if (hash === undefined) return;
  const bytes = Buffer.from(hash.replace('\\x', ''), 'hex');
  for (const encoding of ['hex', 'base64', 'base64url'] as const) keepSecret('hash', bytes.toString(encoding));
}
