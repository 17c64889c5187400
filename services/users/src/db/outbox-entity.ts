import { defineEntity, p } from '@mikro-orm/postgresql';
import type { OutboxKind } from '../domain/outbox.ts';
import { MicrosType } from './micros-type.ts';

const kinds = `kind in ('TRANSACTION', 'MAIL', 'ERASE_USER')`;

/** A row of users.outbox: a message that is still to be delivered. */
export const OutboxEntity = defineEntity({
  name: 'OutboxMessage',
  schema: 'users',
  tableName: 'outbox',
  properties: {
    id: p.bigint().primary().generated('by default as identity'),
    kind: p.text().$type<OutboxKind>(),
    lane: p.text().collation('C'),
    payload: p.json<Record<string, unknown>>().hidden(),
    attempts: p.integer().default(0),
    nextAttemptTime: p.type(MicrosType).defaultRaw('now()'),
    lastError: p.text().nullable(),
    createTime: p.type(MicrosType).defaultRaw('now()'),
  },
  indexes: [{ name: 'outbox_lanes', properties: ['kind', 'lane', 'id'] }],
  checks: [{ name: 'outbox_kind_check', expression: kinds }],
});

/** A row of users.dead_letters: a message that is tried no more, and that its lane stands still for. */
export const DeadLetterEntity = defineEntity({
  name: 'DeadLetter',
  schema: 'users',
  tableName: 'dead_letters',
  properties: {
    id: p.bigint().primary().autoincrement(false),
    kind: p.text().$type<OutboxKind>(),
    lane: p.text().collation('C'),
    payload: p.json<Record<string, unknown>>().hidden(),
    attempts: p.integer(),
    lastError: p.text(),
    createTime: p.type(MicrosType),
    deadTime: p.type(MicrosType).defaultRaw('now()'),
  },
  indexes: [{ name: 'dead_letters_lanes', properties: ['kind', 'lane', 'id'] }],
  checks: [{ name: 'dead_letters_kind_check', expression: kinds }],
});
