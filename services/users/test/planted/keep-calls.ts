import { Client, status, type StatusObject } from '@grpc/grpc-js';
import { keepOutput } from '@tidemark/testing';
import { keepSecret } from './keep-secret.ts';

// Runs before each test file, and keeps of every call that a client in it makes: the secrets that it sends to the users
// service, all that it sends to the events service, and the errors that it gets, with their trailers.

/** Fields of requests to the users service, whatever the message. */
const secretFields = new Set(['password', 'currentPassword', 'newPassword', 'token', 'email', 'address']);

type Serialize = (value: unknown) => Buffer;
type Make = (
  path: string,
  serialize: Serialize,
  ...rest: unknown[]
) => { on(event: 'status', listener: (status: StatusObject) => void): unknown };

const prototype = Client.prototype as unknown as Record<string, Make>;

for (const method of ['makeUnaryRequest', 'makeServerStreamRequest', 'makeBidiStreamRequest']) {
  const make = prototype[method];
  if (!make) throw new Error(`Client of @grpc/grpc-js has no ${method}`);
  prototype[method] = function (path, serialize, ...rest) {
    const call = make.call(
      this,
      path,
      (request) => {
        keepRequest(path, request);
        return serialize(request);
      },
      ...rest,
    );
    call.on('status', (end) => keepError(path, end));
    return call;
  };
}

function keepRequest(path: string, request: unknown): void {
  if (path.startsWith('/tidemark.users.')) keepSecretsOf(request);
  else keepOutput('event', `${path} ${asText(request)}`);
}

function keepSecretsOf(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  // A oneof names its field beside its value.
  const { $case: name, value: chosen } = value as { $case?: string; value?: unknown };
  const fields = Object.entries(name === undefined ? value : { [name]: chosen });
  for (const [field, inner] of fields) {
    if (typeof inner === 'string' && secretFields.has(field)) keepSecret(field, inner);
    else keepSecretsOf(inner);
  }
}

function keepError(path: string, { code, details, metadata }: StatusObject): void {
  if (code === status.OK) return;
  const trailers = Object.entries(metadata.toJSON()).map(([key, values]) => `${key}: ${values.map(String).join(', ')}`);
  keepOutput('error', [path, status[code], details, ...trailers].join(' '));
}

/** JSON, with 64-bit numbers. */
function asText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}
