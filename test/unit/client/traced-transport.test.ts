import assert from 'node:assert/strict';
import test from 'node:test';
import { IpvsClient } from '../../../src/client/client.js';
import { tracedTransport } from '../../../src/client/traced-transport.js';
import { serviceMarked } from '../../../src/model/build.js';
import { FakeKernel } from '../../../src/testing/index.js';
import { describeMessages } from '../../../src/wire/describe.js';

test('each message that is sent and received is printed with the names of the kernel', async () => {
  const lines: string[] = [];
  const client = await IpvsClient.connect(tracedTransport(new FakeKernel(), (line) => lines.push(line)));
  await assert.rejects(client.deleteService(serviceMarked(7)));
  client.close();
  assert.deepEqual(
    lines.map((line) => line.replace(/sequence \d+/, 'sequence N')),
    [
      '-> CTRL_CMD_GETFAMILY sequence N flags 0x5 { CTRL_ATTR_FAMILY_NAME "IPVS" }',
      '<- CTRL_CMD_NEWFAMILY sequence N flags 0x0 { CTRL_ATTR_FAMILY_ID 28, CTRL_ATTR_FAMILY_NAME "IPVS" }',
      '<- NLMSG_ERROR sequence N flags 0x100 0',
      '-> IPVS_CMD_GET_INFO sequence N flags 0x5 {}',
      '<- IPVS_CMD_SET_INFO sequence N flags 0x0 { IPVS_INFO_ATTR_VERSION 66049, IPVS_INFO_ATTR_CONN_TAB_SIZE 4096 }',
      '<- NLMSG_ERROR sequence N flags 0x100 0',
      '-> IPVS_CMD_DEL_SERVICE sequence N flags 0x1 { IPVS_CMD_ATTR_SERVICE { IPVS_SVC_ATTR_AF 2, IPVS_SVC_ATTR_FWMARK 7 } }',
      '-> NLMSG_NOOP sequence N flags 0x5',
      '<- NLMSG_ERROR sequence N flags 0x0 ESRCH',
      '<- NLMSG_ERROR sequence N flags 0x100 0',
    ],
  );
});

const odd: readonly (readonly [what: string, digits: string, expected: string])[] = [
  [
    'an attribute that is not known',
    '1c00000030000000010000000000000008010000080063000a000001',
    'attribute 99 0a000001',
  ],
  [
    'an attribute that is cut short',
    '1c00000030000000010000000000000008010000ff0001000a000001',
    'cut short: ff0001000a000001',
  ],
  [
    'a value of another size',
    '1a000000300000000100000000000000080100000600040001000000',
    'IPVS_CMD_ATTR_TIMEOUT_TCP 0100',
  ],
  ['a message that is cut short', 'ff000000300000000100000000000000', 'netlink message of 255 bytes where 16 are left'],
];
for (const [what, digits, expected] of odd) {
  test(`${what} is shown as bytes`, () => {
    const [line = ''] = describeMessages(Uint8Array.from(Buffer.from(digits, 'hex')));
    assert.ok(line.includes(expected), line);
  });
}
