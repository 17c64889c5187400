import type { RequestEmailVerificationRequest, RequestEmailVerificationResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { parseClientAddress } from '../domain/client-address.ts';
import { at, together } from '../domain/fields.ts';
import { parseUuid } from '../domain/uuid.ts';
import type { Dependencies } from './dependencies.ts';
import { orderMail } from './order-mail.ts';

export function requestEmailVerification(
  dependencies: Dependencies,
): UnaryHandler<RequestEmailVerificationRequest, RequestEmailVerificationResponse> {
  return async (request, { signal, caller }) => {
    const { id, address } = together({
      id: at('user_id', () => parseUuid(request.userId)),
      address: at('address', () => parseClientAddress(request.address)),
    });
    const trier = { account: { id }, address };
    await orderMail(dependencies, trier, { purpose: 'EMAIL_VERIFICATION', actor: caller }, signal);
    return {};
  };
}
