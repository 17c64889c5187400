import { CreateUsers } from './0001-create-users.ts';
import { AuditAndNumberChanges } from './0002-audit-and-number-changes.ts';
import { AddOutbox } from './0003-add-outbox.ts';
import { GuardCredentials } from './0004-guard-credentials.ts';
import { AddAccounts } from './0005-add-accounts.ts';
import { AddRelationships } from './0006-add-relationships.ts';
import { RemoveUsers } from './0007-remove-users.ts';
import { ListUsersByState } from './0008-list-users-by-state.ts';

/** In the order they are applied. A name, once released, stays. */
export const migrations = [
  { name: '0001-create-users', class: CreateUsers },
  { name: '0002-audit-and-number-changes', class: AuditAndNumberChanges },
  { name: '0003-add-outbox', class: AddOutbox },
  { name: '0004-guard-credentials', class: GuardCredentials },
  { name: '0005-add-accounts', class: AddAccounts },
  { name: '0006-add-relationships', class: AddRelationships },
  { name: '0007-remove-users', class: RemoveUsers },
  { name: '0008-list-users-by-state', class: ListUsersByState },
] as const;
