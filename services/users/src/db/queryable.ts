import type { QueryResult, QueryResultRow } from 'pg';

/** What a statement can be sent to. */
export interface Queryable {
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<QueryResult<Row>>;
}
