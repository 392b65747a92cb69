// Takes one real server out of one TCP service: weight 0 gives it no new connections, as before new software comes.
// Run it as root: node examples/quiesce.mjs VIRTUAL-ADDRESS PORT SERVER-ADDRESS
import { IpvsClient } from 'ipvsadm';

const [address = '', port = '', serverAddress = ''] = process.argv.slice(2);
/** @type {import('ipvsadm').ServiceKey} */
const key = { family: address.includes(':') ? 'inet6' : 'inet', protocol: 'tcp', address, port: Number(port) };

const client = await IpvsClient.open();
try {
  for (const server of await client.servers(key)) {
    if (server.address !== serverAddress) continue;
    await client.editServer(key, { ...server, weight: 0 });
    console.log(`${server.address}:${server.port} gets no new connections; ${server.activeConnections} are active`);
  }
} finally {
  client.close();
}
