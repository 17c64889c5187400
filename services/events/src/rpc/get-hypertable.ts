import type { GetHypertableRequest, GetHypertableResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { listHypertables } from '../db/hypertables.ts';
import { HypertableNotFound } from '../domain/not-found.ts';
import type { Context } from './context.ts';
import { hypertableMessage } from './hypertable-message.ts';

export function getHypertable({ pool }: Context): UnaryHandler<GetHypertableRequest, GetHypertableResponse> {
  return async ({ name }, { signal }) => {
    const hypertable = (await listHypertables(pool, signal)).find((each) => each.name === name);
    if (!hypertable) throw new HypertableNotFound(name);
    return { hypertable: hypertableMessage(hypertable) };
  };
}
