import { runInLab, status } from './lab/kernel.mjs';
import { abortOnSignals } from './signals.mjs';

const usage = `usage: npm run lab -- [OPTION...] COMMAND [ARGUMENT...]

Runs COMMAND as root in a real IPVS kernel that exists for this one run.

  --kernel uml|host|auto  user-mode Linux, a namespace of this machine's kernel, or the latter if it has IPVS (default)
  --bare                  load no IPVS module beforehand
  --no-ipvs               make ip_vs impossible to load (user-mode Linux)
  --needs iptables        use a kernel that has them: not the fastest of user-mode Linux
  --timeout SECONDS       end with status 124 after that time, and print what was going on (default 900)
  --mem SIZE              memory of user-mode Linux (default 1G)
  --help                  print this

Environment:
  LAB_UML                 the release of Debian whose user-mode Linux is used, such as trixie, or \`installed\` for that of
                          this machine, instead of the fastest one

Exit status: the command's; 128 + n if signal n killed it; 124 timeout, 125 no kernel, 2 wrong usage.
`;

class UsageError extends Error {}

/**
 * Options end at the first word that is none: the rest belongs to the command.
 * @param {string[]} words
 */
function parse(words) {
  /** @type {import('./lab/kernel.mjs').LabOptions} */
  const options = {};
  const rest = [...words];
  while (rest[0]?.startsWith('-')) {
    const word = rest.shift() ?? '';
    if (word === '--') break;
    const [name = '', inline] = word.split(/=(.*)/s);
    const value = () => {
      const text = inline ?? rest.shift();
      if (text === undefined) throw new UsageError(`${name} needs a value`);
      return text;
    };
    if (name === '--kernel') options.kernel = kernelName(value());
    else if (name === '--needs') options.needs = [matching(name, value(), /^iptables$/, String)];
    else if (name === '--timeout') options.timeout = matching(name, value(), /^\d*\.?\d+$/, Number);
    else if (name === '--mem') options.memory = matching(name, value(), /^\d+[KMG]?$/i, String);
    else if (word === '--bare') options.bare = true;
    else if (word === '--no-ipvs') options.noIpvs = true;
    else if (word === '--help') return { help: true, options, command: [] };
    else throw new UsageError(`unknown option ${word}`);
  }
  if (rest.length === 0) throw new UsageError('no command');
  return { help: false, options, command: rest };
}

/** @param {string} text */
function kernelName(text) {
  if (text === 'uml' || text === 'host' || text === 'auto') return text;
  throw new UsageError(`--kernel is uml, host or auto, not ${text}`);
}

/**
 * @template T
 * @param {string} name
 * @param {string} text
 * @param {RegExp} pattern
 * @param {(text: string) => T} convert
 */
function matching(name, text, pattern, convert) {
  if (!pattern.test(text)) throw new UsageError(`${name} can't be ${text}`);
  return convert(text);
}

/** @param {string[]} words */
async function main(words) {
  const end = abortOnSignals('lab');
  try {
    const { help, options, command } = parse(words);
    if (help) {
      process.stdout.write(usage);
      return 0;
    }
    const result = await runInLab(command, { ...options, signal: end.signal });
    return end.status(result);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const wrongUsage = error instanceof UsageError;
    process.stderr.write(`lab: ${error.message}\n${wrongUsage ? usage : ''}`);
    return wrongUsage ? 2 : status.failed;
  }
}

process.exitCode = await main(process.argv.slice(2));
