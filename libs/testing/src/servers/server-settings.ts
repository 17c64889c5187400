/** For a server of many test databases with several services on each. */
export const serverSettings = [
  ['max_connections', '300'],
  // A statement over all chunks of a hypertable locks each of them.
  ['max_locks_per_transaction', '256'],
  ['timescaledb.telemetry_level', 'off'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
