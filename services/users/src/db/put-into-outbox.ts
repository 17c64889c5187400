import type { EntityManager } from '@mikro-orm/postgresql';
import type { NewMessage } from '../domain/outbox.ts';

/** Where relays hear of new messages; the payload is their kind. */
export const outboxChannel = 'tidemark_users_outbox';

/** Puts a message into the outbox, to leave once the transaction of `em` is committed. */
export async function putIntoOutbox(em: EntityManager, { kind, lane, payload }: NewMessage): Promise<void> {
  await em.execute(statement, { kind, lane, payload: JSON.stringify(payload) });
}

const statement = `
  with put as (
    insert into users.outbox (kind, lane, payload) values (:kind, :lane, :payload::jsonb) returning kind
  )
  select pg_notify('${outboxChannel}', kind) from put`;
