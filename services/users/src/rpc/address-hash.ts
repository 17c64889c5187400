import type { Dependencies } from './dependencies.ts';

/** What is kept of an end user's address. */
export function addressHashOf({ secrets }: Dependencies, address: string | undefined): Buffer | undefined {
  return address === undefined ? undefined : secrets.hash('address', address);
}
