import type { TopValuesRequest, TopValuesResponse } from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { topValues as topStoredValues } from '../db/top-values.ts';
import { checkAnswerSize } from '../domain/answer-size.ts';
import type { Context } from './context.ts';
import { topValueMessage } from './mapping.ts';
import { topQueryOf } from './parse-request.ts';

export function topValues({ pool }: Context): UnaryHandler<TopValuesRequest, TopValuesResponse> {
  return async (request, { signal }) => {
    const { values, other, total } = await topStoredValues(pool, signal, topQueryOf(request));
    checkAnswerSize(
      values.map(({ value }) => value),
      'limit',
    );
    return {
      values: values.map(({ value, measured }) => topValueMessage(value, measured)),
      other: topValueMessage('', other),
      total: topValueMessage('', total),
    };
  };
}
