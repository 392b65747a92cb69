import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { describeMessages } from '../../../src/wire/describe.js';
import { bytesOf } from '../support/hexadecimal.js';
import { attribute, dataMessage, doneMessage, resultMessage } from '../support/netlink-bytes.js';
import { captures } from './captures.js';

/** A capture's request and its first reply. */
function linesOf(command: string, index: number): string[] {
  const capture = captures.filter((each) => each.command === command)[index];
  assert.ok(capture);
  return [capture.request, ...capture.replies.slice(0, 1)].flatMap((digits) => describeMessages(bytesOf(digits)));
}

const withoutNumbers = (line: string): string => line.replace(/seq \d+/, 'seq N');

test('requests and replies have the names of the kernel, and values as they are', () => {
  const [request = ''] = linesOf('ipvsadm -A -t 10.0.0.1:80', 0);
  assert.match(request, /^GENL_ID_CTRL command 3 seq \d+ flags 0x5 \{ CTRL_ATTR_FAMILY_NAME="IPVS" \}$/);
  const all = captures
    .flatMap(({ request: sent, replies }) => [sent, ...replies])
    .flatMap((digits) => describeMessages(bytesOf(digits)));
  for (const word of [
    'IPVS_CMD_GET_SERVICE seq',
    'IPVS_CMD_SET_INFO seq',
    'IPVS_INFO_ATTR_CONN_TAB_SIZE=4096',
    'IPVS_CMD_ATTR_SERVICE={ IPVS_SVC_ATTR_AF=2 IPVS_SVC_ATTR_PROTOCOL=6',
    'IPVS_SVC_ATTR_ADDR=0a000001000000000000000000000000 IPVS_SVC_ATTR_PORT=80 IPVS_SVC_ATTR_SCHED_NAME="wlc"',
    'IPVS_DEST_ATTR_WEIGHT=',
    'IPVS_STATS_ATTR_INBYTES=4617562284',
    'NLMSG_DONE seq',
  ]) {
    assert.ok(
      all.some((line) => line.includes(word)),
      word,
    );
  }
});

test('results have the names of their errors', () => {
  const datagram = Buffer.concat([resultMessage(7, 0), resultMessage(8, 3), doneMessage(9, 12)]);
  assert.deepEqual(describeMessages(datagram), [
    'NLMSG_ERROR seq 7 flags 0x100',
    'NLMSG_ERROR seq 8 flags 0x100 ESRCH',
    'NLMSG_DONE seq 9 flags 0x2 ENOMEM',
  ]);
});

test('what is not in the tables, or not as they say, is shown as bytes', () => {
  const attributes = Buffer.concat([
    attribute(99, bytesOf('0102')),
    attribute(1, Buffer.concat([attribute(2, bytesOf('01020304')), bytesOf('ff00')])),
  ]);
  assert.deepEqual(describeMessages(dataMessage(1, 0x1c, attributes)).map(withoutNumbers), [
    'IPVS_CMD_NEW_SERVICE seq N flags 0x0 { 99=0102 IPVS_CMD_ATTR_SERVICE={ IPVS_SVC_ATTR_PROTOCOL=01020304 } }',
  ]);
});

test('any bytes at all are some lines', () => {
  const real = captures.flatMap(({ request, replies }) => [request, ...replies]).map(bytesOf);
  const changed = fc
    .tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
    .map(([datagram, places]) => {
      const bytes = Uint8Array.from(datagram);
      for (const [place, value] of places) bytes[place % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
      for (const line of describeMessages(bytes)) assert.doesNotMatch(line, /\n|undefined/);
    }),
    { numRuns: 2000 },
  );
});
