import { MessageKind, type Backlog, type DeadLetter } from '@tidemark/contracts/users';
import { timestampOf } from '@tidemark/grpc-kit';
import type * as db from '../db/backlogs.ts';
import type * as domain from '../domain/dead-letters.ts';
import type { OutboxKind } from '../domain/outbox.ts';

export function backlogMessage({ kind, waiting, oldestTime, failing, dead }: db.Backlog): Backlog {
  return {
    kind: MessageKind[kind],
    waitingCount: BigInt(waiting),
    oldestTime: oldestTime === undefined ? undefined : timestampOf(oldestTime),
    failingCount: BigInt(failing),
    deadCount: BigInt(dead),
  };
}

export function deadLetterMessage({ kind, createTime, deadTime, ...letter }: domain.DeadLetter): DeadLetter {
  const { id, lane, attempts, lastError } = letter;
  return {
    id,
    kind: MessageKind[kind],
    lane,
    attempts,
    lastError,
    createTime: timestampOf(createTime),
    deadTime: timestampOf(deadTime),
  };
}

/** ANY where none was given; undefined for one that this version does not know. */
export function messageKindOf(kind: MessageKind): OutboxKind | 'ANY' | undefined {
  switch (kind) {
    case MessageKind.UNSPECIFIED:
      return 'ANY';
    case MessageKind.TRANSACTION:
      return 'TRANSACTION';
    case MessageKind.MAIL:
      return 'MAIL';
    case MessageKind.ERASE_USER:
      return 'ERASE_USER';
    default:
      return undefined;
  }
}
