import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Micros } from '../domain/clock.ts';
import { tokenLifetime, type TokenPurpose } from '../domain/token.ts';
import type { User } from '../domain/user.ts';
import { MicrosType } from './micros-type.ts';
import { recordAudit } from './record-audit.ts';

export interface TokenToMake {
  /** The mail's: one that is tried again takes the place of the token it had before. */
  readonly id: string;
  readonly hash: Buffer;
  readonly purpose: TokenPurpose;
  readonly user: User;
  /** Who asked for it. */
  readonly actor: string;
}

const time = new MicrosType();

/** Lets a token be used from now on, and tells of it the first time. */
export async function makeToken(em: EntityManager, token: TokenToMake, now: Micros): Promise<void> {
  const { user, purpose, actor } = token;
  const values = {
    id: token.id,
    hash: token.hash,
    purpose,
    userId: user.id,
    emailKey: user.email.key,
    expireTime: time.convertToDatabaseValue(now + tokenLifetime),
  };
  await triedAgain(() =>
    em.transactional(async (tx) => {
      const [made] = await tx.execute<{ first: boolean }[]>(statement, values);
      const action = `${purpose}_REQUESTED` as const;
      if (made?.first) await recordAudit(tx, { time: now, actor, action, userId: user.id, details: {} });
    }),
  );
}

// xmax is that of the row which was there before, and none where there was none.
const statement = `
  insert into users.tokens (id, hash, user_id, purpose, email_key, expire_time)
  values (:id, :hash, :userId, :purpose, :emailKey, :expireTime)
  on conflict (id) do update set hash = excluded.hash, expire_time = excluded.expire_time
  returning xmax::text = '0' as first`;
