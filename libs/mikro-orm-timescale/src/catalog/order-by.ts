/** SQL for the order of a row of `_timescaledb_catalog.compression_settings`, as JSON of `OrderState[]`. */
export function orderBySql(settings: string): string {
  return `(
    SELECT json_agg(
      json_build_object('column', ordered.name, 'descending', ordered.descending, 'nullsFirst', ordered.nulls_first)
      ORDER BY ordered.position
    )
    FROM unnest(${settings}.orderby, ${settings}.orderby_desc, ${settings}.orderby_nullsfirst)
      WITH ORDINALITY AS ordered (name, descending, nulls_first, position)
  )`;
}
