import { CreateEvents } from './0001-create-events.ts';
import { GrantRights } from './0002-grant-rights.ts';
import { AddRetentions } from './0003-add-retentions.ts';
import { DropOldChunks } from './0004-drop-old-chunks.ts';
import { AddBatchesAndTransactions } from './0005-add-batches-and-transactions.ts';
import { NumberBatches } from './0006-number-batches.ts';
import { DropOldChunksOfAll } from './0007-drop-old-chunks-of-all.ts';
import { LookAfterHypertables } from './0008-look-after-hypertables.ts';
import { ReplaceUsers } from './0009-replace-users.ts';
import { CloseBatchesByKey } from './0010-close-batches-by-key.ts';

/** In the order they are applied. A name, once released, stays. */
export const migrations = [
  { name: '0001-create-events', class: CreateEvents },
  { name: '0002-grant-rights', class: GrantRights },
  { name: '0003-add-retentions', class: AddRetentions },
  { name: '0004-drop-old-chunks', class: DropOldChunks },
  { name: '0005-add-batches-and-transactions', class: AddBatchesAndTransactions },
  { name: '0006-number-batches', class: NumberBatches },
  { name: '0007-drop-old-chunks-of-all', class: DropOldChunksOfAll },
  { name: '0008-look-after-hypertables', class: LookAfterHypertables },
  { name: '0009-replace-users', class: ReplaceUsers },
  { name: '0010-close-batches-by-key', class: CloseBatchesByKey },
];
