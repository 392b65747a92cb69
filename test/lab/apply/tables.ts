import type { Rules } from '../reference.js';

const split = (text: string): Rules =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '));

/** Every kind of change leads from here to `wanted`. */
export const present = split(`
  -A -t 10.0.0.1:80 -s rr
  -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1
  -a -t 10.0.0.1:80 -r 10.0.0.3:8080 -m -w 2 -x 9 -y 3
  -a -t 10.0.0.1:80 -r 10.0.0.4:8080 -m -w 3
  -A -u [2001:db8::1]:53 -s wlc -p 60 -M 64 -o
  -a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 4
  -a -u [2001:db8::1]:53 -r [2001:db8::3]:53 -i -w 5 --tun-type gre --tun-csum
  -A -f 7 -s sh
  -a -f 7 -r 10.0.0.5:0 -i -w 6 --tun-type gue --tun-port 6080 --tun-nocsum
  -A -t 10.0.0.9:443 -s mh -b mh-port
  -a -t 10.0.0.9:443 -r 10.0.0.2:443 -m -w 1
  --set 901 121 301
  --start-daemon master --mcast-interface lo --syncid 1
`);

/** A document. */
export const wanted = `
services:
  - { address: 10.0.0.1, port: 80, scheduler: wrr, servers: [
      { address: 10.0.0.2, port: 8080, forwarding: masquerading, weight: 1 },
      { address: 10.0.0.4, port: 8080, forwarding: masquerading, weight: 30 },
      { address: 10.0.0.6, port: 8080, forwarding: masquerading } ] }
  - { fwmark: 7, scheduler: sh, servers: [] }
  - { address: 10.0.0.9, port: 443, scheduler: mh, schedulerFlags: [mh-port], servers: [
      { address: 10.0.0.2, forwarding: masquerading } ] }
  - { address: 10.0.0.8, port: 9, protocol: sctp, scheduler: sed, servers: [ { address: 10.0.0.2 } ] }
timeouts: { tcp: 900 }
syncDaemons:
  - { role: master, interface: lo, syncId: 2 }
  - { role: backup, interface: lo }
`;
