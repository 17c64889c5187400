import type { OrderState } from '../state/hypertable-state.ts';
import { identifier } from './target.ts';

export function orderSql({ column, descending, nullsFirst }: OrderState): string {
  return `${identifier(column)} ${descending ? 'desc' : 'asc'} nulls ${nullsFirst ? 'first' : 'last'}`;
}
