import { isIP } from 'node:net';
import type { Metadata } from '@grpc/grpc-js';

/** The metadata by which a caller names itself. */
export const callerKey = 'tidemark-caller';

const name = /^[A-Za-z0-9._:/-]{1,64}$/;

/** Who calls: the name that the caller gives itself, else its IP address. Nothing of it is proven. */
export function callerOf(call: { metadata: Metadata; getPeer(): string }): string {
  const [given] = call.metadata.get(callerKey);
  const named = typeof given === 'string' ? given.trim() : '';
  return name.test(named) ? named : addressOf(call.getPeer());
}

/** @param peer such as "127.0.0.1:50000", "[::1]:50000" or "::1:50000" */
function addressOf(peer: string): string {
  const host = peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? 'unknown' : host;
}
