import { Client } from 'pg';
import type { TestDatabase } from '@tidemark/testing';
import { activeOf, createTimeOf, idOf, insertUsers, nameOf } from '../bench/made-users.ts';
import { listPages } from '../bench/list-pages.ts';
import { measures } from '../bench/measures/index.ts';
import { Database } from '../src/db/database.ts';
import { listUsers } from '../src/db/list-users.ts';
import { freshDatabase } from './running-users.ts';

const count = 10_000;
let testDatabase: TestDatabase;
let sql: Client;

beforeAll(async () => {
  testDatabase = await freshDatabase();
  sql = new Client(testDatabase.url);
  await sql.connect();
  await insertUsers(sql, count);
});
afterAll(async () => {
  await sql.end();
  await testDatabase.stop();
});

test.each([0, 1, 48, 5_000, count - 1])('the made user %i is who the load asks for', async (n) => {
  const { rows } = await sql.query(`select username_key, create_time = $2 as in_time from users.users where id = $1`, [
    idOf(n),
    createTimeOf(n),
  ]);
  expect(rows).toEqual([{ username_key: nameOf(n), in_time: true }]);
});

test('those that calls change are active', async () => {
  const ids = Array.from({ length: 200 }, (_, n) => idOf(activeOf(n)));
  const { rows } = await sql.query('select distinct state from users.users where id = any($1)', [ids]);
  expect(rows).toEqual([{ state: 'ACTIVE' }]);
  expect(new Set(ids).size).toBe(200);
});

test('pages are asked for in every order, and in the middle and near the end there are users yet', async () => {
  const pages = listPages(count).filter(({ list }) => list.usernameKeyPrefix === '' && list.states.includes('ACTIVE'));
  const database = new Database({ url: testDatabase.url, poolSize: 1 });
  try {
    for (const { list, after } of pages)
      expect((await listUsers(database.session(), list, 50, after)).users.length).toBe(50);
  } finally {
    await database.close();
  }
  expect(new Set(listPages(count).map(({ name }) => name)).size).toBe(listPages(count).length);
});

test('each measure has a name of its own', () => {
  expect(new Set(measures.map(({ name }) => name)).size).toBe(measures.length);
});
