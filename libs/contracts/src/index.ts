// Messages that every package shares. The services' own are behind `/events` and `/users`.
export { Duration } from './gen/google/protobuf/duration.ts';
export { Struct } from './gen/google/protobuf/struct.ts';
export { Timestamp } from './gen/google/protobuf/timestamp.ts';
