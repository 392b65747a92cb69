import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readWords } from '../../../src/cli/read-words.js';
import { verbs } from '../../../src/cli/run-verb.js';
import type { OptionValues } from '../../../src/cli/verb.js';
import { UsageError } from '../../../src/errors.js';

function read(line: string): OptionValues | 'help' {
  const [name = '', ...words] = line.split(' ');
  const verb = verbs.find((one) => one.name === name);
  assert.ok(verb !== undefined);
  return readWords(verb, words);
}

describe('words of a verb', () => {
  const compared = { json: false, prune: true, keepWeights: false, verbose: false };
  const counted = { ipv4: false, ipv6: false, orphans: false, count: false, json: false };
  const live = {
    allowChanges: false,
    ...{ delay: 2, view: 'services', filter: '', exact: false, bits: false, unicode: true },
    ...{ batch: false, json: false },
  };
  const applied = { ...compared, dryRun: false, drain: 0, wait: 10 };
  const good: readonly (readonly [line: string, values: OptionValues | 'help'])[] = [
    ['status', { json: false, numeric: true }],
    ['status -n', { json: false, numeric: true }],
    ['status --no-numeric --json', { json: true, numeric: false }],
    ['export', { format: 'yaml' }],
    ['export --format rules', { format: 'rules' }],
    ['export --format=json', { format: 'json' }],
    ['diff web.yaml', { file: 'web.yaml', ...compared }],
    ['diff -', { file: '-', ...compared }],
    ['diff -- --web.yaml', { file: '--web.yaml', ...compared }],
    ['diff 0123', { file: '0123', ...compared }],
    [
      'apply --drain 60 --no-prune - --keep-weights --dry-run',
      { ...applied, file: '-', prune: false, keepWeights: true, dryRun: true, drain: 60 },
    ],
    ['apply --wait 0.2 web.yaml', { ...applied, file: 'web.yaml', wait: 0.2 }],
    ['doctor', { json: false, all: false, port: [], protocol: 'tcp', tunType: 'ipip', tunPort: 6080 }],
    [
      'doctor --real-server [2001:DB8:0::1] --port 80 --forwarding masquerading --port=443',
      {
        ...{ json: false, all: false, port: [80, 443], protocol: 'tcp', tunType: 'ipip', tunPort: 6080 },
        ...{ realServer: '2001:db8::1', forwarding: 'masquerading' },
      },
    ],
    [
      'doctor --real-server 192.0.2.1 --forwarding dr',
      {
        ...{ json: false, all: false, port: [], protocol: 'tcp', tunType: 'ipip', tunPort: 6080 },
        ...{ realServer: '192.0.2.1', forwarding: 'direct-routing' },
      },
    ],
    ['connections', counted],
    [
      'connections -s 10.0.0.0/8,2001:DB8::1 -d [2001:db8::1]:80 -r tcp:192.0.2.10:80/10.0.1.2 -p TCP -4 --no-templates',
      {
        ...{ ...counted, ipv4: true, templates: false, protocol: ['TCP'] },
        client: [
          { family: 'inet', address: '10.0.0.0', prefix: 8, port: undefined },
          { family: 'inet6', address: '2001:db8::1', prefix: 128, port: undefined },
        ],
        virtual: [{ family: 'inet6', address: '2001:db8::1', prefix: 128, port: 80 }],
        server: [
          {
            ...{ family: 'inet', address: '10.0.1.2', port: undefined, prefix: 32 },
            service: { family: 'inet', protocol: 'tcp', address: '192.0.2.10', port: 80 },
          },
        ],
      },
    ],
    [
      'connections --by client,server --client-prefix 24 --state syn-recv,Active,TIME_WAIT --top 5 --sort active --sport 1,2',
      {
        ...{ ...counted, by: ['client', 'server'], clientPrefix: { inet: 24, inet6: 128 }, top: 5, sort: 'active' },
        ...{ state: ['SYN_RECV', 'active', 'TIME_WAIT'], sport: [1, 2] },
      },
    ],
    ['top', live],
    ['top -d 0.5 -n 3 -X', { ...live, delay: 0.5, number: 3, exact: true }],
    [
      'top --view hosts --sort bytes-out --filter 10.0|80 --bits --no-unicode --batch',
      { ...live, view: 'hosts', sort: 'bytes-out', filter: '10.0|80', bits: true, unicode: false, batch: true },
    ],
    ['completion', {}],
    ['apply --help', 'help'],
    ['status --json -h', 'help'],
  ];
  for (const [line, values] of good) {
    test(`${line} is understood`, () => {
      assert.deepEqual(read(line), values);
    });
  }

  const wrong: readonly (readonly [line: string, message: string])[] = [
    ['status --nosuch', 'unknown option --nosuch'],
    ['status --no-nosuch', 'unknown option --no-nosuch'],
    ['status --__proto__', 'unknown option --__proto__'],
    ['status --constructor=1', 'unknown option --constructor'],
    ['status -nx', 'unknown option -x'],
    ['status everything', 'unexpected argument everything'],
    ['status --json=true', 'option --json takes no value'],
    ['status --json --no-json', 'option --json is given twice'],
    ['completion fish', 'unexpected argument fish'],
    ['export --format xml', '--format takes one of yaml, json, rules, not xml'],
    ['export --format', 'option --format takes a value'],
    [
      'apply',
      'FILE is missing: a document (YAML or JSON), a rule dump, or keepalived.conf, ldirectord.cf or lvs.cf; - is the standard input',
    ],
    ['apply a b', 'unexpected argument b'],
    ['apply --no-drain a', 'unknown option --no-drain'],
    ['apply --drain a', '--drain takes one number of seconds, 0..86400'],
    ['apply --drain -1 a', '--drain takes one number of seconds, 0..86400'],
    ['apply --drain 0x10 a', '--drain takes one number of seconds, 0..86400'],
    ['apply --drain 86401 a', '--drain takes one number of seconds, 0..86400'],
    ['apply --drain 1 --drain 2 a', 'option --drain is given twice'],
    ['doctor --port 80', '--port is about a real server: --real-server ADDRESS is missing'],
    ['connections -s 10.0.0.1:80', "--client 10.0.0.1:80: the client's port is --sport"],
    [
      'connections -r x',
      '--server x: expected an address such as 10.0.1.2, 10.0.1.0/24, 10.0.1.2:80 or [2001:db8::2]:80',
    ],
    ['connections -d fwmark:7', "--virtual fwmark:7: connections don't show firewall marks, give the virtual address"],
    [
      'connections -r tcp:10.0.0.1:80',
      '--server tcp:10.0.0.1:80: the server is missing, as in tcp:192.0.2.10:80/10.0.1.2:80',
    ],
    ['connections --sport 70000', '--sport 70000: expected ports, 0..65535'],
    ['connections -p icmp', '--protocol icmp: expected some of tcp, udp, sctp, ip'],
    ['connections --by server,host', '--by host: expected some of client, virtual, server, state, protocol'],
    ['connections --client-prefix 33', '--client-prefix takes bits for IPv4 and IPv6, such as 24,64'],
    ['connections --client-prefix 24', '--client-prefix needs --by client'],
    ['connections -4 -6', '-4 and -6 exclude each other'],
    ['connections --count --by client', '--count and --by exclude each other'],
    ['connections --count --top 3', '--count has nothing to sort or cut'],
    ['connections --sort active', '--sort takes one of what is shown'],
    ['connections --by client --sort server', '--sort takes one of what is shown'],
    ['connections --top -1', '--top takes a number; 0: all'],
    ['connections --watch 0', '--watch takes one number of seconds, 1..86400'],
    ['connections --watch 2 --json', '--watch with --json is about counts: add --by or --count'],
    ['top -d 0.4', '--delay takes one number of seconds, 0.5..3600'],
    ['top -n -1', '--number takes a number of tables; 0: until a signal comes'],
    ['top --view clients --sort bytes-in', '--sort bytes-in: the view clients has no such column'],
    ['top --view users', '--view takes one of services, hosts, clients, not users'],
    ['status \u001b[2J', 'unexpected argument ?[2J'],
  ];
  for (const [line, message] of wrong) {
    test(`${line.replace(/\p{Cc}/u, '?')} is refused`, () => {
      assert.throws(
        () => read(line),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.equal(error.message, message);
          return true;
        },
      );
    });
  }
});
