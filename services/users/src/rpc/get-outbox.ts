import type { GetOutboxRequest, GetOutboxResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { backlogs } from '../db/backlogs.ts';
import type { Dependencies } from './dependencies.ts';
import { backlogMessage } from './outbox-message.ts';

export function getOutbox({ database }: Dependencies): UnaryHandler<GetOutboxRequest, GetOutboxResponse> {
  return async (_, { signal }) => ({ backlogs: (await backlogs(database.session(signal))).map(backlogMessage) });
}
