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
  const compared = { json: false, prune: true, keepWeights: false };
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
