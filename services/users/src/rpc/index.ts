import {
  AccountsServiceService,
  AuditServiceService,
  CredentialsServiceService,
  OutboxServiceService,
  RelationshipsServiceService,
  UsersServiceService,
} from '@tidemark/contracts/users';
import { rpcService, type RpcService } from '@tidemark/grpc-kit';
import { batchGetUsers } from './batch-get-users.ts';
import { block } from './block.ts';
import { changePassword } from './change-password.ts';
import { closeAccount } from './close-account.ts';
import { countRelationships } from './count-relationships.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import type { Dependencies } from './dependencies.ts';
import { eraseUser } from './erase-user.ts';
import { follow } from './follow.ts';
import { getAccount } from './get-account.ts';
import { getOutbox } from './get-outbox.ts';
import { getRelationship } from './get-relationship.ts';
import { getUser } from './get-user.ts';
import { listAccounts } from './list-accounts.ts';
import { listAuditEntries } from './list-audit-entries.ts';
import { listBlocked } from './list-blocked.ts';
import { listDeadLetters } from './list-dead-letters.ts';
import { listFollowers } from './list-followers.ts';
import { listFollowing } from './list-following.ts';
import { listUsers } from './list-users.ts';
import { lockUser } from './lock-user.ts';
import { lookupUser } from './lookup-user.ts';
import { openAccount } from './open-account.ts';
import { postTransaction } from './post-transaction.ts';
import { reconcileAccount } from './reconcile-account.ts';
import { requestEmailVerification } from './request-email-verification.ts';
import { requestPasswordReset } from './request-password-reset.ts';
import { resetPassword } from './reset-password.ts';
import { retryDeadLetters } from './retry-dead-letters.ts';
import { transfer } from './transfer.ts';
import { unblock } from './unblock.ts';
import { undeleteUser } from './undelete-user.ts';
import { unfollow } from './unfollow.ts';
import { unlockUser } from './unlock-user.ts';
import { updateUser } from './update-user.ts';
import { verifyEmail } from './verify-email.ts';
import { verifyPassword } from './verify-password.ts';
import { watchUsers } from './watch-users.ts';

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
      lockUser: lockUser(dependencies),
      unlockUser: unlockUser(dependencies),
      watchUsers: watchUsers(dependencies),
      eraseUser: eraseUser(dependencies),
    }),
    rpcService(CredentialsServiceService, {
      verifyPassword: verifyPassword(dependencies),
      changePassword: changePassword(dependencies),
      requestPasswordReset: requestPasswordReset(dependencies),
      resetPassword: resetPassword(dependencies),
      requestEmailVerification: requestEmailVerification(dependencies),
      verifyEmail: verifyEmail(dependencies),
    }),
    rpcService(AuditServiceService, {
      listAuditEntries: listAuditEntries(dependencies),
    }),
    rpcService(RelationshipsServiceService, {
      follow: follow(dependencies),
      unfollow: unfollow(dependencies),
      block: block(dependencies),
      unblock: unblock(dependencies),
      getRelationship: getRelationship(dependencies),
      countRelationships: countRelationships(dependencies),
      listFollowers: listFollowers(dependencies),
      listFollowing: listFollowing(dependencies),
      listBlocked: listBlocked(dependencies),
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
