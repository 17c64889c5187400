/** A program with a database, to be killed by lifecycle.test.ts. */
import { start } from '../src/index.ts';

const db = await start({ jobIntervalMs: false, template: process.argv[2] ?? '' });
console.log(db.pid);
setInterval(() => {}, 1000);
