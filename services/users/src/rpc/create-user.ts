import type { EntityManager } from '@mikro-orm/postgresql';
import type { CreateUserRequest, CreateUserResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { findCreatedUser } from '../db/find-created-user.ts';
import { insertUser } from '../db/insert-user.ts';
import { fingerprintOf, parseNewUser, type NewUser } from '../domain/new-user.ts';
import { Clash, RequestIdReused } from '../domain/user-errors.ts';
import { createdUser, type User } from '../domain/user.ts';
import type { Dependencies } from './dependencies.ts';
import { userMessage } from './mapping.ts';

export function createUser({
  database,
  clock,
  passwords,
}: Dependencies): UnaryHandler<CreateUserRequest, CreateUserResponse> {
  return async (request, { signal, caller }) => {
    const newUser = parseNewUser(request);
    const { attributes, password, requestId } = newUser;
    const created = await createdBefore(database.session(signal), newUser);
    if (created) return { user: userMessage(created) };

    const passwordHash = password === undefined ? undefined : await passwords.hash(password, signal);
    const user = createdUser(attributes, clock());
    try {
      const fingerprint = fingerprintOf(attributes);
      await insertUser(database.session(signal), { user, passwordHash, requestId, fingerprint, actor: caller });
    } catch (error) {
      if (!(error instanceof Clash)) throw error;
      // The same request may have come twice at once, and then clashes with itself in all that is unique.
      const createdMeanwhile = await createdBefore(database.session(signal), newUser);
      if (!createdMeanwhile) throw error;
      return { user: userMessage(createdMeanwhile) };
    }
    return { user: userMessage(user) };
  };
}

/** The user that an earlier request of the same id created. */
async function createdBefore(em: EntityManager, { requestId, attributes }: NewUser): Promise<User | undefined> {
  if (requestId === undefined) return undefined;
  const created = await findCreatedUser(em, requestId);
  if (created && created.fingerprint !== fingerprintOf(attributes)) throw new RequestIdReused(requestId);
  return created?.user;
}
