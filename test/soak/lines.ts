import { UsageError } from '../../src/errors.js';
import { ruleWords } from '../../src/documents/rules/words.js';
import { parseWords } from '../../src/grammar/parse.js';
import { assertProperError, type Kind } from './kind.js';
import { mutateText } from './mutate.js';
import { goodRules } from './tables.js';

/** Command lines that dumps don't have. */
const commands = [
  '-L -n',
  '-Ln --stats --exact',
  '-l --rate --sort',
  '-Lcn --persistent-conn',
  '-L --timeout',
  '-L --daemon',
  '-L -t 192.0.2.1:80 --thresholds',
  '-Z -u 192.0.2.1:53',
  '-S -n',
  '-R',
  '-C',
  '-h',
  '--version',
  '-A -t web:http -s wlc -p 300 -M 255.255.255.0 -O',
  '-E -f 7 -6 -s mh -b mh-port,mh-fallback --pe sip',
  '-a -t 192.0.2.1:80 -r web:http -i --tun-type gue --tun-port 6080 --tun-csum -w 3 -x 9 -y 5',
  '-e -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0',
  '-d -f 7 -r 10.0.0.2',
  '-D --tcp-service=192.0.2.1:80',
  '--set 900 120 300',
  '--start-daemon master --mcast-interface eth0 --syncid 7 --mcast-group ff02::51 --mcast-port 8848 --mcast-ttl 2 --sync-maxlen 1400',
  '--stop-daemon backup',
] as const;

const lines: readonly string[] = [...goodRules, ...commands];
const words: readonly string[] = [...new Set(lines.flatMap((line) => line.split(' ')))];

/** How a line is read, by its first byte. */
const readings: Readonly<Record<string, { readonly restoring: boolean; readonly posixlyCorrect: boolean }>> = {
  command: { restoring: false, posixlyCorrect: false },
  posix: { restoring: false, posixlyCorrect: true },
  rule: { restoring: true, posixlyCorrect: false },
};
const readingNames = Object.keys(readings);

/** More look-ups than a line can have. */
const mostLookups = 100;

/** Command lines, their words apart by NUL, and lines of rules. */
export const linesKind: Kind = {
  name: 'lines',
  cases: 1_000_000,
  generate(random) {
    const reading = random.pick(readingNames);
    let line = random.pick(lines).split(' ');
    for (let rounds = random.below(4); rounds > 0; rounds--) {
      const at = random.below(line.length + 1);
      const word = random.once(2) ? random.pick(words) : mutateText(random.pick(words), random, words);
      line = [...line.slice(0, at), ...(random.once(3) ? [] : [word]), ...line.slice(at + random.below(2))];
    }
    const text = reading === 'rule' ? line.join(' ') : line.map((word) => word.replaceAll('\0', '')).join('\0');
    return Buffer.from(`${reading}\n${random.once(4) ? mutateText(text, random, lines) : text}`);
  },
  run(input) {
    const text = Buffer.from(input).toString();
    const end = text.indexOf('\n');
    const reading = text.slice(0, end);
    const rest = text.slice(end + 1);
    const context = { programName: 'ipvsadm', ...(readings[reading] ?? { restoring: true, posixlyCorrect: false }) };
    try {
      const steps = parseWords(reading === 'rule' ? ruleWords(rest) : rest.split('\0'), context);
      let step = steps.next();
      for (let lookups = 0; step.done !== true; lookups++) {
        if (lookups > mostLookups) throw new Error(`more than ${mostLookups} names are looked up`);
        const { name } = step.value;
        const known = name.length % 3 > 0;
        step = steps.next(known ? (step.value.kind === 'host' ? '10.0.0.2' : 80) : undefined);
      }
      if (typeof step.value.kind !== 'string') throw new Error('no command was read');
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // A message may hold the words of the line.
      if (!/undefined|NaN|object/.test(text)) assertProperError(error);
    }
  },
};
