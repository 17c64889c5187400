import {
  IngestWarningKind,
  type ListIngestWarningsRequest,
  type ListIngestWarningsResponse,
} from '@tidemark/contracts/events';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { listIngestWarnings as listStoredWarnings } from '../db/list-ingest-warnings.ts';
import type { WarningKind } from '../domain/ingest-warning.ts';
import { invalid } from '../domain/invalid-argument.ts';
import type { Context } from './context.ts';
import { ingestWarningMessage } from './mapping.ts';

export function listIngestWarnings({
  pool,
  clock,
}: Context): UnaryHandler<ListIngestWarningsRequest, ListIngestWarningsResponse> {
  return async ({ caller, kind }, { signal }) => {
    const warnings = await listStoredWarnings(pool, signal, { caller, kind: kindOf(kind) }, clock());
    return { warnings: warnings.map(ingestWarningMessage) };
  };
}

function kindOf(kind: IngestWarningKind): WarningKind | undefined {
  if (kind === IngestWarningKind.UNSPECIFIED) return undefined;
  const known = kinds[kind];
  if (!known) throw invalid('kind', 'Must be a kind such as INGEST_WARNING_KIND_LATE, or left out for all.');
  return known;
}

const kinds: Readonly<Record<number, WarningKind>> = {
  [IngestWarningKind.SKEWED]: 'skewed',
  [IngestWarningKind.LATE]: 'late',
  [IngestWarningKind.REJECTED]: 'rejected',
};
