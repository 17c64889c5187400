import {
  CreateUserRequest,
  CredentialsServiceService,
  LookupUserRequest,
  UpdateUserRequest,
  UsersServiceService,
  VerifyPasswordRequest,
} from '@tidemark/contracts/users';
import { rpcClient } from '@tidemark/grpc-kit';
import type { Outcome } from '@tidemark/testing/bench';
import { activeOf, idOf, nameOf, newNameOf, password, passwords } from '../made-users.ts';
import { inTurn } from './in-turn.ts';
import type { Order, Work } from './orders.ts';

/** One call after another on one channel, with so many in flight. */
export async function callAll(order: Order & { kind: 'calls' }): Promise<Outcome> {
  const users = rpcClient(UsersServiceService, order.address);
  const credentials = rpcClient(CredentialsServiceService, order.address);
  const calls: Record<Work['what'], (n: number) => Promise<unknown>> = {
    create: (n) => {
      const username = newNameOf(n);
      return users.createUser(
        CreateUserRequest.fromPartial({ user: { username, email: `${username}@example.com`, displayName: 'New' } }),
      );
    },
    lookup: (n) =>
      users.lookupUser(LookupUserRequest.fromPartial({ key: { $case: 'username', value: nameOf(activeOf(n)) } })),
    update: (n) =>
      users.updateUser(
        UpdateUserRequest.fromPartial({ user: { id: idOf(activeOf(n)), displayName: `Now ${performance.now()}` } }),
      ),
    verify: async (n) => {
      const user = { $case: 'username', value: nameOf(n % passwords) } as const;
      const address = `192.0.2.${n % 250}`;
      const { verified } = await credentials.verifyPassword(
        VerifyPasswordRequest.fromPartial({ user, password, address }),
      );
      if (!verified) throw new Error('A password was wrong, though it was right.');
    },
  };
  try {
    // Connecting is not what is measured.
    await calls.lookup(0);
    if (order.what === 'verify') await calls.verify(0);
    return await inTurn(order, calls[order.what]);
  } finally {
    users.close();
    credentials.close();
  }
}
