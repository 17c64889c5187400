import type { VerifyEmailRequest, VerifyEmailResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/verify-email.ts';
import { at } from '../domain/fields.ts';
import { parseToken } from '../domain/token.ts';
import type { Dependencies } from './dependencies.ts';

export function verifyEmail({ database, clock }: Dependencies): UnaryHandler<VerifyEmailRequest, VerifyEmailResponse> {
  return async (request, { signal, caller }) => {
    const tokenHash = at('token', () => parseToken(request.token))();
    return { userId: await db.verifyEmail(database.session(signal), { tokenHash, actor: caller }, clock()) };
  };
}
