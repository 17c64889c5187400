import { CreateEvents } from './0001-create-events.ts';
import { GrantRights } from './0002-grant-rights.ts';
import { AddRetentions } from './0003-add-retentions.ts';
import { DropOldChunks } from './0004-drop-old-chunks.ts';

/** In the order they are applied. A name, once released, stays. */
export const migrations = [
  { name: '0001-create-events', class: CreateEvents },
  { name: '0002-grant-rights', class: GrantRights },
  { name: '0003-add-retentions', class: AddRetentions },
  { name: '0004-drop-old-chunks', class: DropOldChunks },
];
