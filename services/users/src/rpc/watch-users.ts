import type { WatchUsersRequest, WatchUsersResponse } from '@tidemark/contracts/users';
import { PageTokenInvalid, type PageTokens, type ServerStreamHandler } from '@tidemark/grpc-kit';
import { findUsers } from '../db/find-users.ts';
import { changesAfter, newestChange } from '../db/watch-users.ts';
import { InvalidFields } from '../domain/fields.ts';
import { CursorExpired } from '../domain/user-change.ts';
import type { Dependencies } from './dependencies.ts';
import { userChangeMessage } from './mapping.ts';

// A connection can be dead without a word, so that nothing is heard.
const lookAgainMs = 5_000;
// Shows a client that the stream is alive, and a proxy too.
const maxSilenceMs = 15_000;

export function watchUsers({
  database,
  changes,
  pageTokens,
}: Dependencies): ServerStreamHandler<WatchUsersRequest, WatchUsersResponse> {
  return async function* (request, { signal }) {
    const resumed = readCursor(pageTokens, request.cursor);
    const newest = await newestChange(database.streamSession(signal));
    // A database that was restored from a backup has not got so far.
    if (resumed !== undefined && resumed > newest) throw new CursorExpired();
    let number = resumed ?? newest;
    let known = changes.news;
    let page = await changesAfter(database.streamSession(signal), number);
    yield { change: undefined, cursor: writeCursor(pageTokens, number) };
    let silentSince = performance.now();
    for (;;) {
      const users = await findUsers(
        database.streamSession(signal),
        page.map(({ userId }) => userId),
      );
      for (const change of page) {
        number = change.number;
        yield {
          change: userChangeMessage(change, users.get(change.userId)),
          cursor: writeCursor(pageTokens, number),
        };
        silentSince = performance.now();
      }
      if (performance.now() - silentSince >= maxSilenceMs) {
        yield { change: undefined, cursor: writeCursor(pageTokens, number) };
        silentSince = performance.now();
      }
      if (page.length === 0) await changes.heard(known, lookAgainMs, signal);
      known = changes.news;
      page = await changesAfter(database.streamSession(signal), number);
    }
  };
}

const bound = ['WatchUsers'];

function writeCursor(tokens: PageTokens, number: number): string {
  return tokens.write([String(number)], bound);
}

function readCursor(tokens: PageTokens, cursor: string): number | undefined {
  try {
    const [number] = tokens.read(cursor, bound) ?? [];
    return number === undefined ? undefined : Number(number);
  } catch (error) {
    if (!(error instanceof PageTokenInvalid)) throw error;
    const description = 'must be one of WatchUsers, unchanged: send the last one that came, or leave it empty';
    throw new InvalidFields([{ field: 'cursor', description }]);
  }
}
