// Measures the rows named by the arguments inside a lab: `node scripts/bench/inside.mjs [--smoke] ROW...`.
import { report, rows } from './rows.mjs';

const smoke = process.argv.includes('--smoke');
for (const row of rows) if (process.argv.includes(row.id)) report(await row.measure(smoke));
