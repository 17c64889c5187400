import { CredentialsServiceService, OutboxServiceService, UsersServiceService } from '@tidemark/contracts/users';
import { rpcService, type RpcService } from '@tidemark/grpc-kit';
import { batchGetUsers } from './batch-get-users.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import type { Dependencies } from './dependencies.ts';
import { getOutbox } from './get-outbox.ts';
import { getUser } from './get-user.ts';
import { listDeadLetters } from './list-dead-letters.ts';
import { listUsers } from './list-users.ts';
import { lookupUser } from './lookup-user.ts';
import { retryDeadLetters } from './retry-dead-letters.ts';
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
    rpcService(OutboxServiceService, {
      getOutbox: getOutbox(dependencies),
      listDeadLetters: listDeadLetters(dependencies),
      retryDeadLetters: retryDeadLetters(dependencies),
    }),
  ];
}
