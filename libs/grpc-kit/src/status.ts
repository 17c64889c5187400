import { Metadata, type StatusObject } from '@grpc/grpc-js';
import type { Any } from '@tidemark/contracts/rpc';
import { BadRequest, ErrorInfo, RetryInfo, Status } from '@tidemark/contracts/rpc';
import type { Fault } from './faults.ts';

// Clients drop trailers over some 8 KiB, so that the details stay well below.
const maxMessageLength = 1_000;
const maxDetailsBytes = 4_000;

/** A fault as grpc-js sends it: the code, the message and a google.rpc.Status in the trailer. */
export function statusOf(fault: Fault): StatusObject {
  const message = trimmed(fault.message);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(detailsOf(fault, message)));
  return { code: fault.code, details: message, metadata };
}

function detailsOf(fault: Fault, message: string): Uint8Array {
  const info = ErrorInfo.fromPartial({
    reason: fault.reason,
    domain: 'tidemark',
    metadata: Object.fromEntries(Object.entries(fault.metadata ?? {}).map(([key, value]) => [key, trimmed(value)])),
  });
  const details = [any('google.rpc.ErrorInfo', ErrorInfo.encode(info).finish())];
  if (fault.retryAfterMs !== undefined) {
    const retryDelay = {
      seconds: BigInt(Math.floor(fault.retryAfterMs / 1_000)),
      nanos: (fault.retryAfterMs % 1_000) * 1_000_000,
    };
    details.push(any('google.rpc.RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  if (fault.fields?.length) details.push(any('google.rpc.BadRequest', badRequest(fault.fields)));
  return Status.encode({ code: fault.code, message, details }).finish();
}

/** As many of the fields, from the first, as fit. */
function badRequest(fields: NonNullable<Fault['fields']>): Uint8Array {
  const fieldViolations: BadRequest['fieldViolations'] = [];
  let bytes = 0;
  for (const { field, description } of fields) {
    const violation = {
      field: trimmed(field),
      description: trimmed(description),
      reason: '',
      localizedMessage: undefined,
    };
    bytes += Buffer.byteLength(violation.field) + Buffer.byteLength(violation.description);
    if (bytes > maxDetailsBytes / 2) break;
    fieldViolations.push(violation);
  }
  return BadRequest.encode({ fieldViolations }).finish();
}

function any(type: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(value) };
}

/** grpc-js sends the text through encodeURI, which throws on a lone surrogate. */
function trimmed(text: string): string {
  return (text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text).toWellFormed();
}
