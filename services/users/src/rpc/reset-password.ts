import type { ResetPasswordRequest, ResetPasswordResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/reset-password.ts';
import { checkToken } from '../db/use-token.ts';
import { parseClientAddress } from '../domain/client-address.ts';
import { at, together } from '../domain/fields.ts';
import { parseNewPassword } from '../domain/password.ts';
import { parseToken } from '../domain/token.ts';
import { addressHashOf } from './address-hash.ts';
import type { Dependencies } from './dependencies.ts';

export function resetPassword(dependencies: Dependencies): UnaryHandler<ResetPasswordRequest, ResetPasswordResponse> {
  const { database, clock, passwords } = dependencies;
  return async (request, { signal, caller }) => {
    const { tokenHash, password, address } = together({
      tokenHash: at('token', () => parseToken(request.token)),
      password: at('new_password', () => parseNewPassword(request.newPassword)),
      address: at('address', () => parseClientAddress(request.address)),
    });
    // Before a hash is made: guessing is not to cost the service more than the guesser.
    await checkToken(database.session(signal), { hash: tokenHash, purpose: 'PASSWORD_RESET' }, clock());
    const reset = {
      tokenHash,
      passwordHash: await passwords.hash(password, signal),
      addressHash: addressHashOf(dependencies, address),
      actor: caller,
    };
    return { userId: await db.resetPassword(database.session(signal), reset, clock()) };
  };
}
