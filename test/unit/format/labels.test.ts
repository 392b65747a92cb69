import { numericNaming, type Naming } from '../../../src/names/naming.js';
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { endpointLabel, writeServerEndpoint } from '../../../src/format/labels.js';
import { server } from '../support/arbitraries.js';
import { plainServer } from '../support/entries.js';
import { NameTable } from '../support/naming.js';
import { rowsOf, type KnownServer } from '../support/server-rows.js';
import { written } from '../support/written.js';

const protocols = ['tcp', 'udp', 'sctp', undefined] as const;

function endpoints(servers: readonly KnownServer[], protocol: (typeof protocols)[number], naming: Naming): string[] {
  const rows = rowsOf(servers);
  return rows.map((row) =>
    written((out) => {
      writeServerEndpoint(out, rows, row, protocol, naming);
    }),
  );
}

test('the address and port of a server are worded as anywhere else, with numbers and with names', () => {
  const strange: Naming = {
    numeric: false,
    host: (address) => (address.length % 2 === 0 ? `host-\u00e9\u001b-${address}`.repeat(4) : undefined),
    service: (port) => (port % 2 === 0 ? `port\n${port}` : undefined),
  };
  fc.assert(
    fc.property(fc.array(server), fc.constantFrom(...protocols), (servers, protocol) => {
      for (const naming of [numericNaming, strange]) {
        assert.deepEqual(
          endpoints(servers, protocol, naming),
          servers.map((each) => endpointLabel(each, protocol, naming)),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('numbers that have no names are asked for where names are wanted, and only there', () => {
  const names = new NameTable({ web: '10.0.0.2' }, { 'http-alt/tcp': 8080 });
  assert.deepEqual(endpoints([plainServer], 'tcp', names), ['web:http-alt']);
  assert.deepEqual(endpoints([plainServer], 'udp', names), ['web:8080']);
  const never = (): never => assert.fail('a name was looked up');
  const numeric: Naming = { numeric: true, host: never, service: never };
  assert.deepEqual(endpoints([plainServer], 'tcp', numeric), ['10.0.0.2:8080']);
});

test('a name that is too long with its port is cut, but where it will be read again it is a number', () => {
  const longest = 'h'.repeat(54);
  const naming = (host: string, restorable: boolean): Naming => ({
    numeric: false,
    restorable,
    host: () => host,
    service: (port) => (port === 80 ? 'http' : undefined),
  });
  const at = (port: number) => ({ family: 'inet', address: '10.0.0.2', port }) as const;
  for (const restorable of [true, false]) {
    assert.equal(endpointLabel(at(80), 'tcp', naming(longest, restorable)), `${longest}:http`);
  }
  assert.equal(endpointLabel(at(80), 'tcp', naming(`${longest}h`, false)), `${longest}h:htt`);
  assert.equal(endpointLabel(at(80), 'tcp', naming(`${longest}h`, true)), '10.0.0.2:80');
  assert.equal(endpointLabel(at(65535), 'tcp', naming(longest, true)), '10.0.0.2:65535');
});
