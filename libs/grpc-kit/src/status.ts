import { Metadata, type StatusObject } from '@grpc/grpc-js';
import type { Any } from '@tidemark/contracts/rpc';
import { BadRequest, ErrorInfo, RetryInfo, Status } from '@tidemark/contracts/rpc';
import type { Fault } from './faults.ts';

// Clients drop trailers over some 8 KiB. The message goes there twice: as text, percent-encoded, and within the details,
// in base64.
const maxMessageBytes = 1_500;
const maxValueBytes = 256;
const maxFieldBytes = 1_500;

/** A fault as grpc-js sends it: the code, the message and a google.rpc.Status in the trailer. */
export function statusOf(fault: Fault): StatusObject {
  const message = trimmed(fault.message, maxMessageBytes);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(detailsOf(fault, message)));
  return { code: fault.code, details: message, metadata };
}

function detailsOf(fault: Fault, message: string): Uint8Array {
  const info = ErrorInfo.fromPartial({
    reason: fault.reason,
    domain: 'tidemark',
    metadata: Object.fromEntries(
      Object.entries(fault.metadata ?? {}).map(([key, value]) => [key, trimmed(value, maxValueBytes)]),
    ),
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
      field: trimmed(field, maxValueBytes),
      description: trimmed(description, maxFieldBytes / 2),
      reason: '',
      localizedMessage: undefined,
    };
    bytes += Buffer.byteLength(violation.field) + Buffer.byteLength(violation.description);
    if (bytes > maxFieldBytes) break;
    fieldViolations.push(violation);
  }
  return BadRequest.encode({ fieldViolations }).finish();
}

function any(type: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(value) };
}

/** As much of a text as its encoding has room for. grpc-js sends it through encodeURI, which throws on a lone surrogate. */
function trimmed(text: string, maxBytes: number): string {
  const whole = text.slice(0, maxBytes).toWellFormed();
  if (whole.length === text.length && encodeURI(whole).length <= maxBytes) return whole;
  let kept = '';
  let bytes = 0;
  for (const character of whole) {
    bytes += encodeURI(character).length;
    if (bytes > maxBytes) break;
    kept += character;
  }
  return `${kept}…`;
}
