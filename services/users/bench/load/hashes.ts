import { hash, verify } from '@node-rs/argon2';
import type { Outcome } from '@tidemark/testing/bench';
import { password, passwordCost } from '../made-users.ts';
import { inTurn } from './in-turn.ts';
import type { Order } from './orders.ts';

export async function checkHashes({ count, atOnce }: Order & { kind: 'hashes' }): Promise<Outcome> {
  const kept = await hash(password, passwordCost);
  return inTurn({ first: 0, count, inFlight: atOnce }, () => verify(kept, password));
}
