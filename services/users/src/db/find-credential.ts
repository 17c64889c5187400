import type { EntityManager } from '@mikro-orm/postgresql';
import type { UserKey } from '../domain/user-key.ts';
import type { UserState } from '../domain/user.ts';

export interface Credential {
  readonly userId: string;
  readonly state: UserState;
  /** Absent: the user has no password. */
  readonly passwordHash: string | undefined;
  /** Whether the password was right from this address before. */
  readonly addressKnown: boolean;
}

interface Row {
  id: string | null;
  state: UserState | null;
  password_hash: string | null;
  address_known: boolean;
}

/** Also of users who cannot sign in: what is done for them is to look the same. */
export async function findCredential(
  em: EntityManager,
  key: UserKey,
  addressHash: Buffer | undefined,
): Promise<Credential | undefined> {
  const [column, value] = columnOf(key);
  const [row] = await em.execute<Row[]>(statementBy(column), { value, addressHash: addressHash ?? null, nobody });
  const { id = null, state = null, password_hash: passwordHash, address_known: addressKnown = false } = row ?? {};
  if (id === null || state === null) return undefined;
  return { userId: id, state, passwordHash: passwordHash ?? undefined, addressKnown };
}

function columnOf(key: UserKey): ['id' | 'username_key' | 'email_key', string] {
  if ('id' in key) return ['id', key.id];
  return 'usernameKey' in key ? ['username_key', key.usernameKey] : ['email_key', key.emailKey];
}

// Somebody unknown has a row as well, and nobody's password is looked for: so there is as much to do and to send.
const nobody = '00000000-0000-0000-0000-000000000000';

function statementBy(column: ReturnType<typeof columnOf>[0]): string {
  return `
    select u.id, u.state, c.password_hash, k.user_id is not null as address_known
    from (select) one
    left join users.users u on u.${column} = :value
    left join users.credentials c on c.user_id = coalesce(u.id, :nobody::uuid)
    left join users.known_addresses k on k.user_id = coalesce(u.id, :nobody::uuid)
      and k.address_hash = :addressHash::bytea`;
}
