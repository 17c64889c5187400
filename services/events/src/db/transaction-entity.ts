import { defineEntity, p, type EntitySchema } from '@mikro-orm/postgresql';
import { hypertable } from '@tidemark/mikro-orm-timescale';

/**
 * The hypertable events.transactions: what changed the balance of an account. It is kept for ever, since a balance is the
 * sum of all of them.
 */
export function transactionEntity(): EntitySchema {
  const TransactionEntity = defineEntity({
    name: 'Transaction',
    schema: 'events',
    tableName: 'transactions',
    properties: {
      time: p.datetime().columnType('timestamptz').primary(),
      id: p.uuid().primary(),
      accountId: p.uuid(),
      userId: p.uuid(),
      // Its place among the transactions of its account, from 1.
      sequence: p.bigint(),
      amountMinor: p.bigint(),
      currency: p.text(),
      kind: p.text(),
      description: p.text().nullable(),
      balanceAfterMinor: p.bigint(),
      receivedTime: p.datetime().columnType('timestamptz'),
    },
    indexes: [{ properties: ['accountId', 'time', 'id'] }, { properties: ['userId', 'time', 'id'] }],
  });
  hypertable(TransactionEntity, { by: 'time', chunkInterval: '7 days' });
  return TransactionEntity;
}
