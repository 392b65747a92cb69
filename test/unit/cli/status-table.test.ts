import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Chalk } from 'chalk';
import { statusTable } from '../../../src/cli/status-table.js';
import type { Naming } from '../../../src/names/naming.js';
import { service, server } from '../support/doctor-facts.js';

const plain = new Chalk({ level: 0 });

describe('status', () => {
  test('shows long names whole, with their ports', async () => {
    const long = (address: string): string => `${'label'.repeat(12)}.${address}.example`;
    const naming: Naming = { numeric: false, host: long, service: (port) => `service-${port}` };
    const entry = {
      service: service({ family: 'inet6', protocol: 'tcp', address: '2001:db8::1', port: 80 }),
      servers: [server('10.0.0.2', { port: 8080 })],
    };
    const shown = await statusTable([entry], naming, plain, new Map(), new Map());
    assert.ok(shown.includes(`TCP  [${long('2001:db8::1')}]:service-80 wlc `), shown);
    assert.ok(shown.includes(`  ${long('10.0.0.2')}:service-8080 `), shown);
  });
});
