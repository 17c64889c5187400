import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { UpdateUserRequest, type User } from '@tidemark/contracts/users';
import { errorOf, fieldsOf, refusalsOf, runUsers, userOf, type RunningUsers } from './running-users.ts';

let service: RunningUsers;
let now = 1_800_000_000_000_000;
beforeAll(async () => (service = await runUsers({ clock: () => (now += 7) })));
afterAll(() => service.stop());

type Fields = NonNullable<Parameters<typeof UpdateUserRequest.fromPartial>[0]['user']>;
const update = (user: Fields, updateMask?: string[]) =>
  service.users.updateUser(UpdateUserRequest.fromPartial(updateMask ? { user, updateMask } : { user }));

const profile = { bio: 'Hello', avatarUrl: 'https://example.com/a', locale: 'de', timeZone: 'Europe/Berlin' };
const make = () => service.make({ displayName: 'Before', profile });

describe('mask', () => {
  test('absent: the fields that have a value change, the others stay', async () => {
    const before = await make();
    const after = userOf(await update({ id: before.id, displayName: 'After', profile: { locale: 'fr' } }));
    expect(after).toEqual({
      ...before,
      displayName: 'After',
      profile: { ...profile, locale: 'fr' },
      etag: expect.not.stringContaining(before.etag) as string,
      updateTime: { seconds: 1_800_000_000n, nanos: expect.any(Number) as number },
    });
    expect(after.updateTime?.nanos).toBeGreaterThan(before.updateTime?.nanos ?? Infinity);
    expect(userOf(await service.users.getUser({ id: before.id }))).toEqual(after);
  });

  test('present and empty means the same as absent', async () => {
    const { id } = await make();
    expect(userOf(await update({ id, displayName: 'After' }, []))).toMatchObject({ displayName: 'After', profile });
  });

  test('a named field changes and no other', async () => {
    const { id, username } = await make();
    const after = userOf(
      await update({ id, username: 'ignored', profile: { bio: 'Bye', locale: 'xx' } }, ['profile.bio']),
    );
    expect(after).toMatchObject({ username, profile: { ...profile, bio: 'Bye' } });
  });

  test('a named field that is empty is emptied', async () => {
    const { id } = await make();
    const after = userOf(await update({ id }, ['display_name', 'profile.time_zone']));
    expect(after).toMatchObject({ displayName: '', profile: { ...profile, timeZone: '' } });
    expect(userOf(await update({ id }, ['profile'])).profile).toEqual({
      bio: '',
      avatarUrl: '',
      locale: '',
      timeZone: '',
    });
    expect(await fieldsOf(update({ id }, ['username', 'email']))).toEqual(['user.username', 'user.email']);
  });

  test('"*" names all: what is not given is emptied', async () => {
    const { id } = await make();
    const after = userOf(await update({ id, username: 'Everything', email: 'every@thing.example' }, ['*']));
    expect(after).toMatchObject({
      username: 'Everything',
      email: 'every@thing.example',
      displayName: '',
      profile: { bio: '' },
    });
    expect(await fieldsOf(update({ id }, ['*']))).toEqual(['user.username', 'user.email']);
  });

  test('texts are kept as they are, whatever SQL would make of them', async () => {
    const { id } = await make();
    const bio = `'; drop table users.users; -- ? ?? \\? :id $1 "x" \\' E'\\\\' %`;
    expect(userOf(await update({ id, profile: { bio } })).profile?.bio).toBe(bio);
    expect(userOf(await service.users.getUser({ id })).profile?.bio).toBe(bio);
    expect((await service.make({ profile: { bio } })).profile?.bio).toBe(bio);
  });

  test('paths that overlap count once', async () => {
    const { id } = await make();
    const after = userOf(await update({ id, profile: { bio: 'Bye' } }, ['profile.bio', 'profile', 'profile.bio']));
    expect(after.profile).toEqual({ bio: 'Bye', avatarUrl: '', locale: '', timeZone: '' });
  });

  test('output only fields are ignored', async () => {
    const before = await make();
    const paths = ['id', 'state', 'email_verified', 'etag', 'create_time', 'update_time', 'delete_time'];
    const { user } = await update({ id: before.id, state: 3, emailVerified: true, displayName: 'After' }, [
      ...paths,
      'display_name',
    ]);
    expect(user).toMatchObject({
      state: before.state,
      emailVerified: false,
      createTime: before.createTime,
      displayName: 'After',
    });
  });

  test.each([
    'nickname',
    'displayName',
    'profile.',
    'profile.age',
    'profile.bio.text',
    'user.email',
    '',
    'constructor',
  ])('the path "%s" is unknown', async (path) => {
    const { id } = await make();
    const error = await errorOf(update({ id, displayName: 'After' }, ['display_name', path]));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.fields).toEqual([
      { field: 'update_mask', description: expect.stringContaining(`"${path}"`) as string },
    ]);
    expect(userOf(await service.users.getUser({ id })).displayName).toBe('Before');
  });

  test('an unknown path and the wrong values of the others are named together', async () => {
    const { id } = await make();
    const wrong = { id, username: 'x', email: 'nowhere', profile: { timeZone: 'Mars/Base' } };
    const paths = ['profile.time_zone', 'nickname', 'username'];
    expect(await fieldsOf(update(wrong, paths))).toEqual(['update_mask', 'user.profile.time_zone', 'user.username']);
  });

  test('only fields that are named are checked', async () => {
    const { id } = await make();
    await update({ id, username: 'not a name', displayName: 'After' }, ['display_name']);
    const wrong = { id, username: 'not a name', email: 'nowhere', profile: { timeZone: 'Mars/Base' } };
    expect(await fieldsOf(update(wrong))).toEqual(['user.username', 'user.email', 'user.profile.time_zone']);
  });
});

describe('etag', () => {
  test('the current one is needed where one is sent; a stale one changes nothing', async () => {
    const first = await make();
    const second = userOf(await update({ id: first.id, etag: first.etag, displayName: 'Second' }));
    expect(second.etag).not.toBe(first.etag);

    const error = await errorOf(update({ id: first.id, etag: first.etag, displayName: 'Third' }));
    expect([error.code, error.reason]).toEqual([status.ABORTED, 'ETAG_MISMATCH']);
    expect(userOf(await service.users.getUser({ id: first.id }))).toEqual(second);
    expect(userOf(await update({ id: first.id, displayName: 'Third' })).displayName).toBe('Third');
  });

  test('of two users differ, whatever their revisions', async () => {
    const [a, b] = [await make(), await make()];
    expect(a.etag).not.toBe(b.etag);
    expect((await errorOf(update({ id: a.id, etag: b.etag, displayName: 'x' }))).code).toBe(status.ABORTED);
  });

  test('of twenty updates at once that are based on the same one, one is made', async () => {
    const { id, etag } = await make();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => update({ id, etag, displayName: `Name ${i}` })),
    );
    expect(refusalsOf(outcomes)).toEqual(Array(19).fill('ETAG_MISMATCH'));
  });

  test('twenty updates at once without one are all made', async () => {
    const { id } = await make();
    await Promise.all(Array.from({ length: 20 }, (_, i) => update({ id, displayName: `Name ${i}` })));
    const { rows } = await service.sql.query('select revision from users.users where id = $1', [id]);
    expect(rows).toEqual([{ revision: 21 }]);
  });

  test('stays, like update_time, where nothing changes', async () => {
    const before = await make();
    expect(userOf(await update({ id: before.id, displayName: 'Before', profile }))).toEqual(before);
    expect(userOf(await update({ id: before.id }))).toEqual(before);
  });
});

describe('a statement that PostgreSQL gives up so that another can go on', () => {
  /** Until it is stopped, so many updates fail, in the way of one that met another. */
  const failing = async (sqlState: string, times: number): Promise<() => Promise<unknown>> => {
    await service.sql.query(`
      create sequence users.failures;
      create function users.fail() returns trigger language plpgsql security definer as $$ begin
        -- A sequence counts on when the statement is rolled back.
        if nextval('users.failures') <= ${times} then raise exception using errcode = '${sqlState}'; end if;
        return new;
      end $$;
      create trigger fail before update on users.users for each row execute function users.fail()`);
    return () => service.sql.query('drop function users.fail cascade; drop sequence users.failures');
  };

  test.each([
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
  ])('begins again after %s', async (_, sqlState) => {
    const { id } = await make();
    const stop = await failing(sqlState, 3);
    expect(userOf(await update({ id, displayName: 'After' })).displayName).toBe('After');
    await stop();
  });

  test('does not do so for ever, nor after another error', async () => {
    const { id } = await make();
    for (const [sqlState, times] of [
      ['40P01', 1_000],
      ['XX000', 1],
    ] as const) {
      const stop = await failing(sqlState, times);
      expect((await errorOf(update({ id, displayName: 'After' }))).code).toBe(status.INTERNAL);
      await stop();
    }
  });
});

describe('email', () => {
  const verified = async (): Promise<User> => {
    const { id } = await make();
    await service.sql.query('update users.users set email_verified = true where id = $1', [id]);
    return userOf(await service.users.getUser({ id }));
  };

  test('a change takes the verification back', async () => {
    const { id } = await verified();
    expect(userOf(await update({ id, email: 'new@example.com' })).emailVerified).toBe(false);
  });

  test('another spelling of the same address does not, nor do other changes', async () => {
    const { id, email } = await verified();
    const after = userOf(await update({ id, email: email.toUpperCase(), displayName: 'After' }));
    expect(after).toMatchObject({ email: email.toUpperCase(), emailVerified: true });
  });
});

describe('refused', () => {
  test('a username or an email that another user has', async () => {
    const [mine, other] = [await make(), await make()];
    const username = await errorOf(update({ id: mine.id, username: other.username.toUpperCase() }));
    expect([username.code, username.reason]).toEqual([status.ALREADY_EXISTS, 'USERNAME_TAKEN']);
    const email = await errorOf(update({ id: mine.id, email: other.email.toUpperCase() }));
    expect([email.code, email.reason]).toEqual([status.ALREADY_EXISTS, 'EMAIL_TAKEN']);
    expect(userOf(await service.users.getUser({ id: mine.id }))).toEqual(mine);
  });

  test('but the own username in another case is free', async () => {
    const { id, username } = await make();
    expect(userOf(await update({ id, username: username.toUpperCase() })).username).toBe(username.toUpperCase());
  });

  test('a user who is not there, one who is deleted, and a bad id', async () => {
    expect((await errorOf(update({ id: randomUUID(), displayName: 'x' }))).code).toBe(status.NOT_FOUND);
    expect(await fieldsOf(update({ displayName: 'x' }))).toEqual(['user.id']);
    expect(await fieldsOf(service.users.updateUser({ user: undefined, updateMask: ['nickname'] }))).toEqual([
      'user.id',
      'update_mask',
    ]);

    const { id } = await make();
    await service.users.deleteUser({ id, etag: '' });
    const error = await errorOf(update({ id, displayName: 'x' }));
    expect([error.code, error.reason]).toEqual([status.FAILED_PRECONDITION, 'USER_DELETED']);
  });
});
