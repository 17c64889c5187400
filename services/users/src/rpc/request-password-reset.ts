import type { RequestPasswordResetRequest, RequestPasswordResetResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { parseClientAddress } from '../domain/client-address.ts';
import { parseEmail } from '../domain/email.ts';
import { at, together } from '../domain/fields.ts';
import type { Dependencies } from './dependencies.ts';
import { orderMail } from './order-mail.ts';

export function requestPasswordReset(
  dependencies: Dependencies,
): UnaryHandler<RequestPasswordResetRequest, RequestPasswordResetResponse> {
  return async (request, { signal, caller }) => {
    const { email, address } = together({
      email: at('email', () => parseEmail(request.email)),
      address: at('address', () => parseClientAddress(request.address)),
    });
    const trier = { account: { emailKey: email.key }, address };
    await orderMail(dependencies, trier, { purpose: 'PASSWORD_RESET', actor: caller }, signal);
    return {};
  };
}
