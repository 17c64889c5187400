import type { VerifyPasswordRequest, VerifyPasswordResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { upgradeHash } from '../db/upgrade-hash.ts';
import { parseClientAddress } from '../domain/client-address.ts';
import { Overloaded } from '../domain/credential-errors.ts';
import { at, together } from '../domain/fields.ts';
import { parsePassword } from '../domain/password.ts';
import { parseUserKey } from '../domain/user-key.ts';
import type { Dependencies } from './dependencies.ts';
import { provePassword, type Proven } from './prove-password.ts';

export function verifyPassword(
  dependencies: Dependencies,
): UnaryHandler<VerifyPasswordRequest, VerifyPasswordResponse> {
  return async (request, { signal }) => {
    const { account, password, address } = together({
      account: () => parseUserKey('user', request.user),
      password: at('password', () => parsePassword(request.password)),
      address: at('address', () => parseClientAddress(request.address)),
    });
    const proven = await provePassword(dependencies, { account, address }, password, signal);
    if (!proven) return { verified: false, userId: '' };
    await upgradeOutdated(dependencies, proven, password, signal);
    return { verified: true, userId: proven.userId };
  };
}

/** Only now the password is known, to make a hash of another cost of it. */
async function upgradeOutdated(
  { database, clock, passwords }: Dependencies,
  { userId, passwordHash }: Proven,
  password: string,
  signal: AbortSignal,
): Promise<void> {
  if (!passwords.isOutdated(passwordHash)) return;
  try {
    const upgraded = await passwords.hash(password, signal);
    await upgradeHash(database.session(signal), userId, { from: passwordHash, to: upgraded }, clock());
  } catch (error) {
    // The next success will do.
    if (!(error instanceof Overloaded)) throw error;
  }
}
