import type { ListHypertablesRequest, ListHypertablesResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { listHypertables as listStoredHypertables } from '../db/hypertables.ts';
import type { Context } from './context.ts';
import { hypertableMessage } from './hypertable-message.ts';

export function listHypertables({ pool }: Context): UnaryHandler<ListHypertablesRequest, ListHypertablesResponse> {
  return async (_, { signal }) => {
    const hypertables = await listStoredHypertables(pool, signal);
    return { hypertables: hypertables.map(hypertableMessage) };
  };
}
