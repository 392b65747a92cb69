// Makes the table that of a document, as `ipvsadm apply --keep-weights --drain 10` does, tells what it does, and shows
// the outcome as rules. Run it as root: node examples/apply.mjs [FILE]
import { readFile } from 'node:fs/promises';
import {
  applyPlan,
  createNameResolver,
  formatDifference,
  formatTable,
  IpvsClient,
  lockTable,
  parseTable,
  planChanges,
  readTable,
} from 'ipvsadm';

const small = `
services:
  - address: 10.0.0.1
    port: 80
    scheduler: wrr
    servers:
      - { address: 10.0.0.2, port: 8080, forwarding: masquerading }
      - { address: 10.0.0.3, port: 8080, forwarding: masquerading, weight: 3 }
`;

const [, , file] = process.argv;
const text = file === undefined ? small : await readFile(file);
// Of a document that can't be used, the message of the DocumentError tells each problem with its line.
const wanted = await parseTable(text, file ?? 'the small table', { names: createNameResolver() });

const client = await IpvsClient.open();
const lock = await lockTable({ waitSeconds: 10, purpose: 'examples/apply.mjs' });
try {
  const plan = planChanges(await readTable(client), wanted, { keepWeights: true });
  process.stdout.write([...formatDifference(plan.difference)].join(''));
  const { changes } = await applyPlan(client, plan, {
    drainSeconds: 10,
    onDrain: ({ busy }) => {
      console.log(`${busy.length} servers still have connections`);
    },
  });
  console.log(`${changes} changes`);
  const { services } = await readTable(client);
  process.stdout.write(formatTable({ services }, 'rules', 'the table'));
} finally {
  await lock.release();
  client.close();
}
