// Prints the table. Changes nothing. Run it as root: node examples/library.mjs
import { IpvsClient } from 'ipvsadm';

const client = await IpvsClient.open();
try {
  for (const service of await client.services()) {
    console.log(service.key, service.scheduler, service.statistics.connections);
    for (const server of await client.servers(service.key)) {
      console.log(' ', server.address, server.port, server.weight, server.activeConnections);
    }
  }
} finally {
  client.close();
}
