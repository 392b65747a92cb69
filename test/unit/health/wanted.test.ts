import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removesDown } from '../../../src/health/wanted.js';
import { serviceAt, virtualService } from '../../../src/model/build.js';

const tcp = serviceAt('192.0.2.10', 80);
const udp = { ...tcp, protocol: 'udp' } as const;

// What the kernel does with clients of a server of weight 0 is shown by test/lab/health-facts.lab.ts.
const cases: readonly (readonly [
  what: string,
  service: ReturnType<typeof virtualService>,
  expiresTemplates: boolean,
  removes: boolean,
])[] = [
  ['rr', virtualService(tcp, { scheduler: 'rr' }), false, false],
  ['udp', virtualService(udp, { scheduler: 'rr' }), false, true],
  ['persistence', virtualService(tcp, { persistenceTimeout: 60 }), false, true],
  ['persistence that weight 0 ends', virtualService(tcp, { persistenceTimeout: 60 }), true, false],
  ['persistence that weight 0 ends, udp', virtualService(udp, { persistenceTimeout: 60 }), true, true],
  ['persistence that weight 0 ends, sh', virtualService(tcp, { persistenceTimeout: 60, scheduler: 'sh' }), true, true],
  ['sh', virtualService(tcp, { scheduler: 'sh' }), false, true],
  ['sh-port', virtualService(tcp, { scheduler: 'sh', schedulerFlags: ['flag-2'] }), false, true],
  ['sh-fallback', virtualService(tcp, { scheduler: 'sh', schedulerFlags: ['flag-1'] }), false, false],
  ['mh', virtualService(tcp, { scheduler: 'mh' }), false, true],
  ['mh-fallback', virtualService(tcp, { scheduler: 'mh', schedulerFlags: ['flag-1'] }), false, false],
  ['dh', virtualService(tcp, { scheduler: 'dh' }), false, true],
];

for (const [what, service, expiresTemplates, removes] of cases) {
  test(`${what}: a server that is down ${removes ? 'is removed' : 'gets weight 0'}`, () => {
    assert.equal(removesDown(service, { onDown: 'auto' }, { expiresTemplates }), removes);
    assert.equal(removesDown(service, { onDown: 'remove' }, { expiresTemplates }), true);
    assert.equal(removesDown(service, { onDown: 'quiesce' }, { expiresTemplates }), false);
  });
}
