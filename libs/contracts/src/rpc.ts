// The messages of an error's details (https://google.aip.dev/193).
export { Any } from './gen/google/protobuf/any.ts';
export { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.ts';
export { Status } from './gen/google/rpc/status.ts';
