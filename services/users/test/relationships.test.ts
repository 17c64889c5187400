import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Relationship, User } from '@tidemark/contracts/users';
import { errorOf, fieldsOf, refusalsOf, runUsers, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => (now += 1) })));
afterAll(() => service.stop());

const calls = ['follow', 'unfollow', 'block', 'unblock', 'getRelationship'] as const;
type Call = (typeof calls)[number];

const call = async (method: Call, userId: string, otherId: string): Promise<Relationship> => {
  const { relationship } = await service.relationships[method]({ userId, otherId });
  if (!relationship) throw new Error('the response has no relationship');
  return relationship;
};

/** What is so between two, in words. */
async function between(user: User, other: User): Promise<string[]> {
  const { followingSince, followedSince, blockingSince } = await call('getRelationship', user.id, other.id);
  return [followingSince && 'following', followedSince && 'followed', blockingSince && 'blocking'].filter(
    (word) => word !== undefined,
  );
}

const people = (count: number) => Promise.all(Array.from({ length: count }, () => service.make()));
const two = async () => (await people(2)) as [User, User];
const counts = async ({ id }: User) => {
  const { followers, following } = await service.relationships.countRelationships({ userId: id });
  return [Number(followers), Number(following)];
};

const lists = { listFollowers: 'followers', listFollowing: 'following', listBlocked: 'blocked' } as const;
type List = keyof typeof lists;
const page = async (list: List, { id }: User, pageSize = 0, pageToken = '') => {
  const response = await service.relationships[list]({ userId: id, pageSize, pageToken });
  const related = (response as unknown as Record<string, { user: User }[]>)[lists[list]] ?? [];
  return { names: related.map(({ user }) => user.username), next: response.nextPageToken };
};
async function pages(list: List, user: User, pageSize: number, token = ''): Promise<string[]> {
  const { names, next } = await page(list, user, pageSize, token);
  return next === '' ? names : [...names, ...(await pages(list, user, pageSize, next))];
}

describe('following', () => {
  test('goes one way, and can be repeated both ways', async () => {
    const [ann, bob] = await two();
    const first = await call('follow', ann.id, bob.id);
    expect(first).toEqual({
      userId: ann.id,
      otherId: bob.id,
      followingSince: { seconds: 1_800_000_000n, nanos: expect.any(Number) as number },
      followedSince: undefined,
      blockingSince: undefined,
    });
    expect(await call('follow', ann.id, bob.id)).toEqual(first);
    expect(await between(bob, ann)).toEqual(['followed']);
    await call('follow', bob.id, ann.id);
    expect(await between(bob, ann)).toEqual(['following', 'followed']);

    await call('unfollow', ann.id, bob.id);
    expect(await between(ann, bob)).toEqual(['followed']);
    await call('unfollow', ann.id, bob.id);
    expect(await between(ann, bob)).toEqual(['followed']);
  });

  test('what changes is in the audit once', async () => {
    const [ann, bob] = await two();
    for (const method of ['follow', 'follow', 'unfollow', 'unfollow', 'block', 'block', 'unblock'] as const) {
      await call(method, ann.id, bob.id);
    }
    const { rows } = await service.sql.query<{ action: string; details: unknown }>(
      `select action, details from users.audit_entries where user_id = $1 and action <> 'USER_CREATED' order by number`,
      [ann.id],
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'USER_FOLLOWED',
      'USER_UNFOLLOWED',
      'USER_BLOCKED',
      'USER_UNBLOCKED',
    ]);
    expect(rows[0]?.details).toEqual({ other_id: bob.id });
  });
});

describe('a block', () => {
  test('ends the follows of both, and forbids new ones until it is taken away', async () => {
    const [ann, bob] = await two();
    await call('follow', ann.id, bob.id);
    await call('follow', bob.id, ann.id);
    await call('block', ann.id, bob.id);
    expect(await between(ann, bob)).toEqual(['blocking']);

    const own = await errorOf(call('follow', ann.id, bob.id));
    expect([own.code, own.reason]).toEqual([status.FAILED_PRECONDITION, 'USER_BLOCKED']);
    const refused = await errorOf(call('follow', bob.id, ann.id));
    expect([refused.code, refused.reason]).toEqual([status.FAILED_PRECONDITION, 'FOLLOW_REFUSED']);

    await call('unblock', ann.id, bob.id);
    expect(await between(ann, bob)).toEqual([]);
    await call('follow', bob.id, ann.id);
    expect(await between(ann, bob)).toEqual(['followed']);
  });

  test('is told to whom it belongs, and to nobody else', async () => {
    const [ann, bob] = await two();
    await call('block', ann.id, bob.id);
    expect(await between(bob, ann)).toEqual([]);
    const refused = await errorOf(call('follow', bob.id, ann.id));
    expect(JSON.stringify([refused.message, refused.metadata, refused.fields])).not.toMatch(/block/i);
    expect((await page('listBlocked', ann)).names).toEqual([bob.username]);
    expect((await page('listBlocked', bob)).names).toEqual([]);
    expect((await page('listFollowers', ann)).names).toEqual([]);
  });

  test('of both by both lasts until both have taken it away', async () => {
    const [ann, bob] = await two();
    await Promise.all([call('block', ann.id, bob.id), call('block', bob.id, ann.id)]);
    await call('unblock', ann.id, bob.id);
    expect((await errorOf(call('follow', ann.id, bob.id))).reason).toBe('FOLLOW_REFUSED');
    await call('unblock', bob.id, ann.id);
    await call('follow', ann.id, bob.id);
  });
});

describe('refusals', () => {
  test.each(calls)('%s: oneself, who is no UUID, who is not there, and who is deleted', async (method) => {
    const [ann, gone] = await two();
    await service.users.deleteUser({ id: gone.id, etag: '' });
    expect(await fieldsOf(call(method, ann.id, ann.id.toUpperCase()))).toEqual(['other_id']);
    expect(await fieldsOf(call(method, 'me', 'you'))).toEqual(['user_id', 'other_id']);
    for (const [user, other] of [
      [ann.id, randomUUID()],
      [randomUUID(), ann.id],
      [ann.id, gone.id],
      [gone.id, ann.id],
    ] as const) {
      const error = await errorOf(call(method, user, other));
      expect([error.code, error.reason]).toEqual([status.NOT_FOUND, 'USER_NOT_FOUND']);
    }
  });

  test('lists and counts: who is no UUID, who is not there, who is deleted', async () => {
    const gone = await service.make();
    await service.users.deleteUser({ id: gone.id, etag: '' });
    const asks = [
      ...(Object.keys(lists) as List[]).map(
        (list) => (userId: string) => service.relationships[list]({ userId, pageSize: 0, pageToken: '' }),
      ),
      (userId: string) => service.relationships.countRelationships({ userId }),
    ];
    for (const ask of asks) {
      expect(await fieldsOf(ask('me'))).toEqual(['user_id']);
      expect((await errorOf(ask(randomUUID()))).code).toBe(status.NOT_FOUND);
      expect((await errorOf(ask(gone.id))).code).toBe(status.NOT_FOUND);
    }
    const { id } = await service.make();
    expect(await fieldsOf(service.relationships.listFollowers({ userId: id, pageSize: -1, pageToken: '' }))).toEqual([
      'page_size',
    ]);
  });
});

describe('lists', () => {
  test('the latest first, in pages that hold everybody once, in both directions', async () => {
    const [star, ...fans] = (await people(8)) as [User, ...User[]];
    for (const fan of fans) await call('follow', fan.id, star.id);
    for (const fan of fans) await call('follow', star.id, fan.id);
    const names = fans.map(({ username }) => username).reverse();
    for (const pageSize of [1, 2, 3, 7, 50]) {
      expect(await pages('listFollowers', star, pageSize)).toEqual(names);
      expect(await pages('listFollowing', star, pageSize)).toEqual(names);
    }
    for (const fan of fans) await call('block', star.id, fan.id);
    expect(await pages('listBlocked', star, 3)).toEqual(names);
    expect(await pages('listFollowers', star, 3)).toEqual([]);
  });

  test('a token is good for its own list and user alone', async () => {
    const [star, ann, bob] = (await people(3)) as [User, User, User];
    await call('follow', ann.id, star.id);
    await call('follow', bob.id, star.id);
    const { next } = await page('listFollowers', star, 1);
    expect(await fieldsOf(page('listFollowing', star, 1, next))).toEqual(['page_token']);
    expect(await fieldsOf(page('listFollowers', ann, 1, next))).toEqual(['page_token']);
  });

  test('who is deleted is neither shown nor counted, and is there again once undeleted', async () => {
    const [star, ann, bob] = (await people(3)) as [User, User, User];
    for (const fan of [ann, bob]) {
      await call('follow', fan.id, star.id);
      await call('follow', star.id, fan.id);
    }
    await service.users.deleteUser({ id: ann.id, etag: '' });
    expect((await page('listFollowers', star)).names).toEqual([bob.username]);
    expect((await page('listFollowing', star, 1)).names).toEqual([bob.username]);
    expect(await counts(star)).toEqual([1, 1]);
    await service.users.undeleteUser({ id: ann.id, etag: '' });
    expect((await page('listFollowers', star)).names).toEqual([bob.username, ann.username]);
    expect(await counts(star)).toEqual([2, 2]);
  });
});

describe('at once', () => {
  test('the same follow twenty times is one', async () => {
    const [ann, bob] = await two();
    await Promise.all(Array.from({ length: 20 }, () => call('follow', ann.id, bob.id)));
    expect(await counts(bob)).toEqual([1, 0]);
  });

  test('follows and blocks of two never leave a follow beside a block', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [ann, bob] = await two();
      const outcomes = await Promise.allSettled([
        call('follow', ann.id, bob.id),
        call('block', bob.id, ann.id),
        call('follow', bob.id, ann.id),
        call('unfollow', ann.id, bob.id),
        call('follow', ann.id, bob.id),
      ]);
      expect(new Set([...refusalsOf(outcomes), 'FOLLOW_REFUSED', 'USER_BLOCKED']).size).toBe(2);
      expect(await between(bob, ann)).toEqual(['blocking']);
    }
  });

  test('a block of somebody who is deleted meanwhile is either made or refused, not both', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [ann, bob] = await two();
      const [blocked] = await Promise.allSettled([
        call('block', ann.id, bob.id),
        service.users.deleteUser({ id: bob.id, etag: '' }),
      ]);
      await service.users.undeleteUser({ id: bob.id, etag: '' });
      expect(await between(ann, bob)).toEqual(blocked.status === 'fulfilled' ? ['blocking'] : []);
    }
  });

  test('a crowd that follows, unfollows, blocks and leaves ends in counts that agree with the lists', async () => {
    const crowd = await people(6);
    let seed = 42;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, () => {
        const from = random(6);
        const to = (from + 1 + random(5)) % 6;
        const method = (['follow', 'follow', 'follow', 'unfollow', 'block', 'unblock'] as const)[random(6)] ?? 'follow';
        return call(method, crowd[from]?.id ?? '', crowd[to]?.id ?? '');
      }),
    );
    expect([...new Set([...refusalsOf(outcomes), 'FOLLOW_REFUSED', 'USER_BLOCKED'])].sort()).toEqual([
      'FOLLOW_REFUSED',
      'USER_BLOCKED',
    ]);
    for (const user of crowd) {
      const [followers, following] = [await pages('listFollowers', user, 2), await pages('listFollowing', user, 2)];
      expect(await counts(user)).toEqual([followers.length, following.length]);
      for (const other of crowd.filter(({ id }) => id !== user.id)) {
        const words = await between(user, other);
        expect(words.includes('following')).toBe(following.includes(other.username));
        expect(words.includes('followed')).toBe(followers.includes(other.username));
        if (words.includes('blocking')) expect(words).toEqual(['blocking']);
      }
    }
  });
});
