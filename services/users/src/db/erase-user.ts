import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Micros } from '../domain/clock.ts';
import { etagOf } from '../domain/etag.ts';
import { AccountOpen, EtagMismatch, UserNotFound } from '../domain/user-errors.ts';
import { MicrosType } from './micros-type.ts';
import { putIntoOutbox } from './put-into-outbox.ts';
import { recordAudit } from './record-audit.ts';

export interface Erasure {
  readonly id: string;
  /** Empty: whatever the user is by now. */
  readonly etag: string;
  /** What takes the place of the id where something is kept. */
  readonly replacement: string;
  readonly actor: string;
  readonly now: Micros;
}

const time = new MicrosType();

/** Removes a person, one who was purged as well, and leaves word for the events service and for who watches users. */
export async function eraseUser(em: EntityManager, erasure: Erasure): Promise<void> {
  const { id, etag, replacement, actor, now } = erasure;
  await triedAgain(() =>
    em.transactional(async (transaction) => {
      // As the function does, but before a row is locked.
      await transaction.execute('select pg_advisory_xact_lock(7204051998)');
      if (etag !== '') await checkEtag(transaction, id, etag);
      const [row] = await transaction.execute<[{ outcome: string }]>('select users.erase_user(?, ?) as outcome', [
        id,
        replacement,
      ]);
      if (row.outcome === 'NOT_FOUND') throw new UserNotFound(id);
      if (row.outcome === 'ACCOUNT_OPEN') throw new AccountOpen(id);
      await putIntoOutbox(transaction, { kind: 'ERASE_USER', lane: id, payload: { userId: id, replacement } });
      await recordAudit(transaction, {
        time: now,
        actor: actorWithout(id, replacement, actor),
        action: 'USER_ERASED',
        userId: replacement,
        details: {},
      });
      await transaction.execute(`select users.record_change(?, 'ERASED', ?)`, [id, time.convertToDatabaseValue(now)]);
    }),
  );
}

/** A person may call under a name that holds their id. */
function actorWithout(id: string, replacement: string, actor: string): string {
  return actor.replaceAll(new RegExp(id, 'gi'), replacement);
}

async function checkEtag(em: EntityManager, id: string, etag: string): Promise<void> {
  const [row] = await em.execute<{ revision: number }[]>('select revision from users.users where id = ? for update', [
    id,
  ]);
  if (!row) throw new UserNotFound(id);
  if (etag !== etagOf({ id, revision: row.revision })) throw new EtagMismatch(id);
}
