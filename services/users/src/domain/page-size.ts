import { BadValue } from './fields.ts';

const defaultPageSize = 50;
const maxPageSize = 1_000;

export function parsePageSize(pageSize: number): number {
  if (pageSize < 0) throw new BadValue('must not be negative');
  return Math.min(pageSize || defaultPageSize, maxPageSize);
}
