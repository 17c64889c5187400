import type { RefreshRollupRequest, RefreshRollupResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { refreshRollup as refreshStoredRollup } from '../db/refresh-rollup.ts';
import type { Context } from './context.ts';
import { rangeOf } from './parse-request.ts';

export function refreshRollup({ pool }: Context): UnaryHandler<RefreshRollupRequest, RefreshRollupResponse> {
  return async ({ rollup, range }, { signal }) => {
    await refreshStoredRollup(pool, signal, rollup, rangeOf(range));
    return {};
  };
}
