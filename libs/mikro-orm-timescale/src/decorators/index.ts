export { Hypertable } from './hypertable.ts';
