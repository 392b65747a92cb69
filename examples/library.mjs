// Prints the table and takes a real server out of service by weight 0, as one does before new software comes.
// Run it as root: node examples/library.mjs
import { IpvsClient } from 'ipvsadm';

const client = await IpvsClient.open();
try {
  for (const service of await client.services()) {
    const place = 'fwmark' in service.key ? `mark ${service.key.fwmark}` : `${service.key.address}:${service.key.port}`;
    console.log(`${place} (${service.scheduler}), ${service.statistics.connections} connections so far`);
    for (const server of await client.servers(service.key)) {
      console.log(`  ${server.address}:${server.port} weight ${server.weight}, ${server.activeConnections} active`);
      if (server.weight > 0) await client.editServer(service.key, { ...server, weight: 0 });
    }
  }
} finally {
  client.close();
}
