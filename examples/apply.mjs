// Makes the table that of a document, as `ipvsadm apply --drain 10` does, and tells what it does.
// Run it as root: node examples/apply.mjs
import { applyPlan, formatDifference, IpvsClient, lockTable, planChanges, readTable } from 'ipvsadm';

/** @type {import('ipvsadm').RealServer} */
const server = {
  family: 'inet',
  address: '10.0.0.2',
  port: 8080,
  forwarding: 'masquerading',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' },
};

/** @type {import('ipvsadm').Table} */
const wanted = {
  services: [
    {
      service: {
        key: { family: 'inet', protocol: 'tcp', address: '10.0.0.1', port: 80 },
        scheduler: 'wrr',
        schedulerFlags: [],
        onePacket: false,
        persistenceNetmask: '255.255.255.255',
      },
      servers: [server, { ...server, address: '10.0.0.3', weight: 3 }],
    },
  ],
};

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
} finally {
  await lock.release();
  client.close();
}
