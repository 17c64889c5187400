import {
  AccountsServiceService,
  CredentialsServiceService,
  OutboxServiceService,
  UsersServiceService,
} from '@tidemark/contracts/users';
import { rpcService, type RpcService } from '@tidemark/grpc-kit';
import { batchGetUsers } from './batch-get-users.ts';
import { closeAccount } from './close-account.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import type { Dependencies } from './dependencies.ts';
import { getAccount } from './get-account.ts';
import { getOutbox } from './get-outbox.ts';
import { getUser } from './get-user.ts';
import { listAccounts } from './list-accounts.ts';
import { listDeadLetters } from './list-dead-letters.ts';
import { listUsers } from './list-users.ts';
import { lookupUser } from './lookup-user.ts';
import { openAccount } from './open-account.ts';
import { postTransaction } from './post-transaction.ts';
import { reconcileAccount } from './reconcile-account.ts';
import { retryDeadLetters } from './retry-dead-letters.ts';
import { transfer } from './transfer.ts';
import { undeleteUser } from './undelete-user.ts';
import { updateUser } from './update-user.ts';
import { verifyPassword } from './verify-password.ts';

export function rpcServices(dependencies: Dependencies): RpcService[] {
  return [
    rpcService(UsersServiceService, {
      createUser: createUser(dependencies),
      getUser: getUser(dependencies),
      lookupUser: lookupUser(dependencies),
      batchGetUsers: batchGetUsers(dependencies),
      listUsers: listUsers(dependencies),
      updateUser: updateUser(dependencies),
      deleteUser: deleteUser(dependencies),
      undeleteUser: undeleteUser(dependencies),
    }),
    rpcService(CredentialsServiceService, {
      verifyPassword: verifyPassword(dependencies),
    }),
    rpcService(AccountsServiceService, {
      openAccount: openAccount(dependencies),
      getAccount: getAccount(dependencies),
      listAccounts: listAccounts(dependencies),
      closeAccount: closeAccount(dependencies),
      postTransaction: postTransaction(dependencies),
      transfer: transfer(dependencies),
      reconcileAccount: reconcileAccount(dependencies),
    }),
    rpcService(OutboxServiceService, {
      getOutbox: getOutbox(dependencies),
      listDeadLetters: listDeadLetters(dependencies),
      retryDeadLetters: retryDeadLetters(dependencies),
    }),
  ];
}
