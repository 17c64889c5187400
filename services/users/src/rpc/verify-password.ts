import type { VerifyPasswordRequest, VerifyPasswordResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { findPasswordHash } from '../db/find-password-hash.ts';
import { at, together } from '../domain/fields.ts';
import { parsePassword } from '../domain/password.ts';
import { parseUserKey } from '../domain/user-key.ts';
import type { Dependencies } from './dependencies.ts';

export function verifyPassword({
  database,
  passwords,
}: Dependencies): UnaryHandler<VerifyPasswordRequest, VerifyPasswordResponse> {
  return async (request, { signal }) => {
    const { key, password } = together({
      key: () => parseUserKey('user', request.user),
      password: at('password', () => parsePassword(request.password)),
    });
    const found = await findPasswordHash(database.session(signal), key);
    const verified = await passwords.verify(found?.passwordHash, password, signal);
    return { verified, userId: found && verified ? found.userId : '' };
  };
}
