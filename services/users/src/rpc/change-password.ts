import type { ChangePasswordRequest, ChangePasswordResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/change-password.ts';
import { parseClientAddress } from '../domain/client-address.ts';
import { PasswordWrong } from '../domain/credential-errors.ts';
import { at, together } from '../domain/fields.ts';
import { parseNewPassword, parsePassword } from '../domain/password.ts';
import { parseUuid } from '../domain/uuid.ts';
import { addressHashOf } from './address-hash.ts';
import type { Dependencies } from './dependencies.ts';
import { provePassword } from './prove-password.ts';

export function changePassword(
  dependencies: Dependencies,
): UnaryHandler<ChangePasswordRequest, ChangePasswordResponse> {
  const { database, clock, passwords } = dependencies;
  return async (request, { signal, caller }) => {
    const { id, current, next, address } = together({
      id: at('user_id', () => parseUuid(request.userId)),
      current: at('current_password', () => parsePassword(request.currentPassword)),
      next: at('new_password', () => parseNewPassword(request.newPassword)),
      address: at('address', () => parseClientAddress(request.address)),
    });
    const addressHash = addressHashOf(dependencies, address);
    for (;;) {
      const proven = await provePassword(dependencies, { account: { id }, address }, current, signal);
      if (!proven) throw new PasswordWrong();
      const change = {
        userId: id,
        provenHash: proven.passwordHash,
        passwordHash: await passwords.hash(next, signal),
        addressHash,
        actor: caller,
      };
      // Where the hash is another one by now, the password may still be the same.
      if (await db.changePassword(database.session(signal), change, clock())) return {};
    }
  };
}
