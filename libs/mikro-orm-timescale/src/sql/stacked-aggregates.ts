import { literal, type Target } from './target.ts';

/**
 * Drops the aggregates that stand on other aggregates of the hypertable, the uppermost first; nothing where there is no
 * such hypertable. TimescaleDB (2.23) drops no table with these by CASCADE, unless they answer in real time.
 */
export function dropStackedAggregates({ schema, table }: Target): string {
  const schemaSql = schema === undefined ? 'current_schema()' : literal(schema);
  const found =
    `with recursive stacked as (` +
    `select aggregate.*, 1 as level from _timescaledb_catalog.continuous_agg as aggregate ` +
    `join _timescaledb_catalog.hypertable on hypertable.id = raw_hypertable_id ` +
    `where parent_mat_hypertable_id is null and schema_name = ${schemaSql} and table_name = ${literal(table)} ` +
    `union all select above.*, level + 1 from _timescaledb_catalog.continuous_agg as above ` +
    `join stacked on stacked.mat_hypertable_id = above.parent_mat_hypertable_id` +
    `) select user_view_schema as schema, user_view_name as view from stacked where level > 1 order by level desc`;
  const drop = `execute format('drop materialized view %I.%I cascade', each.schema, each.view)`;
  // Without the extension there is no such catalog.
  const guard = `if to_regclass('_timescaledb_catalog.continuous_agg') is null then return; end if`;
  return `do ${literal(`declare each record; begin ${guard}; for each in ${found} loop ${drop}; end loop; end`)}`;
}
