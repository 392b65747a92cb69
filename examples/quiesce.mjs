// Takes one real server out of one TCP service: weight 0 gives it no new connections, as before new software comes.
// Run it as root: node examples/quiesce.mjs VIRTUAL-ADDRESS PORT SERVER-ADDRESS
import { IpvsClient, realServer, serviceAt } from 'ipvsadm';

const [address = '', port = '', serverAddress = ''] = process.argv.slice(2);
const key = serviceAt(address, Number(port));
const wanted = realServer({ address: serverAddress });

const client = await IpvsClient.open();
try {
  // The server may have any port; a service may have it at several.
  for (const server of await client.serverStates(key)) {
    if (server.address !== wanted.address) continue;
    const { activeConnections } = await client.setWeight(key, server, 0);
    console.log(`${server.address}:${server.port} gets no new connections; ${activeConnections} are active`);
  }
} finally {
  client.close();
}
