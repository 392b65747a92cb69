import assert from 'node:assert/strict';
import test from 'node:test';
import { parseServices } from '../../../src/names/services-file.js';

const file = `
# Network services, Internet style
http		80/tcp		www	# WorldWideWeb HTTP
domain		53/tcp
domain		53/udp
second-name	80/tcp
http		8000/tcp
sip		5060/sctp
#hidden		99/tcp
no-port
no-protocol	12
too-large	65536/tcp
last		65535/udp  # comment # again
bad		80tcp/
spaces   	 7/tcp   echo-alias   another
`;

const services = parseServices(file);

const ports: readonly (readonly [name: string, protocol: 'tcp' | 'udp' | 'sctp', port: number | undefined])[] = [
  ['http', 'tcp', 80],
  ['www', 'tcp', 80],
  ['http', 'udp', undefined],
  ['domain', 'udp', 53],
  ['sip', 'sctp', 5060],
  ['last', 'udp', 65535],
  ['another', 'tcp', 7],
  ['WorldWideWeb', 'tcp', undefined],
  ['hidden', 'tcp', undefined],
  ['#hidden', 'tcp', undefined],
  ['no-port', 'tcp', undefined],
  ['no-protocol', 'tcp', undefined],
  ['too-large', 'tcp', undefined],
  ['HTTP', 'tcp', undefined],
  ['constructor', 'tcp', undefined],
  ['', 'tcp', undefined],
];

for (const [name, protocol, port] of ports) {
  test(`${name}/${protocol} is ${port === undefined ? 'no service' : `port ${port}`}`, () => {
    assert.equal(services.port(name, protocol), port);
  });
}

test('of several names of a port the first counts, and of several ports of a name too', () => {
  assert.equal(services.name(80, 'tcp'), 'http');
  assert.equal(services.name(53, 'udp'), 'domain');
  assert.equal(services.name(80, 'udp'), undefined);
  assert.equal(services.name(0, 'tcp'), undefined);
  assert.equal(services.port('http', 'tcp'), 80);
});

test('a file of nothing names nothing', () => {
  assert.equal(parseServices('').name(80, 'tcp'), undefined);
});
