/*
 * A process that takes a test database, says what became of it in one line of JSON, and stays until it is killed. With
 * `forget` it ends where nothing keeps it, and with `stall` it never gets through its migration.
 */
import { appendFileSync } from 'node:fs';
import { Client } from 'pg';
import { testDatabase } from '../src/testing/index.ts';

export interface Order {
  server: string;
  key: string;
  /** A file to which each migration adds a line. */
  log: string;
  stall?: boolean;
  forget?: boolean;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;

const database = await testDatabase({ server: order.server, key: order.key, migrate });
console.log(JSON.stringify({ url: database.url }));
if (!order.forget) setInterval(() => {}, 60_000);

async function migrate(url: string): Promise<void> {
  appendFileSync(order.log, `${url}\n`);
  const client = new Client(url);
  await client.connect();
  await client.query('CREATE TABLE reading (time timestamptz NOT NULL)');
  await client.end();
  if (order.stall) console.log(JSON.stringify({ url }));
  if (order.stall) await new Promise((resolve) => setTimeout(resolve, 600_000));
}
