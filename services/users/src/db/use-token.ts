import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Micros } from '../domain/clock.ts';
import { TokenInvalid } from '../domain/credential-errors.ts';
import type { TokenPurpose } from '../domain/token.ts';
import { MicrosType } from './micros-type.ts';

export interface TokenUse {
  readonly hash: Buffer;
  readonly purpose: TokenPurpose;
}

const time = new MicrosType();

/** Fails for a token that `useToken` would not take now. */
export async function checkToken(em: EntityManager, use: TokenUse, now: Micros): Promise<void> {
  const [owner] = await em.execute<unknown[]>(owned, valuesOf(use, now));
  if (!owner) throw new TokenInvalid();
}

/**
 * Uses a token and does what it is for, both or neither. Of two at once the second waits for the user's row and finds the
 * token gone.
 * @returns whose it was
 */
export async function useToken(
  em: EntityManager,
  use: TokenUse,
  now: Micros,
  act: (em: EntityManager, userId: string) => Promise<void>,
): Promise<string> {
  return triedAgain(() =>
    em.transactional(async (tx) => {
      const values = valuesOf(use, now);
      const [owner] = await tx.execute<{ id: string }[]>(`${owned} for update of u`, values);
      // A token that went while its owner's row was waited for is still in what was read before.
      const used = owner && (await tx.execute<unknown[]>(ending, { userId: owner.id, hash: use.hash }));
      if (!owner || !used?.length) throw new TokenInvalid();
      await act(tx, owner.id);
      return owner.id;
    }),
  );
}

function valuesOf({ hash, purpose }: TokenUse, now: Micros): Record<string, unknown> {
  return { hash, purpose, now: time.convertToDatabaseValue(now) };
}

// Mailed to the email that the user still has.
const owned = `
  select u.id
  from users.tokens t
  join users.users u on u.id = t.user_id and u.email_key = t.email_key and u.state = 'ACTIVE'
  where t.hash = :hash and t.purpose = :purpose and t.expire_time > :now`;

// One success ends all the tokens of the user.
const ending = `
  with used as (
    delete from users.tokens where hash = :hash returning user_id
  ), others as (
    delete from users.tokens t using used where t.user_id = used.user_id and t.hash <> :hash
  )
  select user_id from used where user_id = :userId`;
