import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commandSpellings, optionSpellings, type Spelling } from '../../src/grammar/options.js';
import { Lab } from './differential.js';
import { Installed } from './installed.js';
import { nameHosts } from './surroundings.js';

/**
 * A start-up script as directors have them, which works with either program as `ipvsadm` in PATH. It uses each command and
 * each option that the original has; the version and the help say something of our own, so only the shape counts. While there are thresholds nothing is saved, as the original loses them, and
 * addresses that have names are IPv4 ones with short names: the original can't restore what it saves of others.
 */
const script = `#!/bin/sh
# Sets up a small director, looks at it from every side, changes it under way and takes it down again.
set -u
VIP=10.0.0.1
VIP6=2001:db8:1::1
REALS='10.0.0.2 10.0.0.3 10.0.0.9'

say() {
  echo "== $*"
}

# Runs a command that is expected to fail.
refused() {
  "$@" && echo 'was not refused'
  echo "   status $?"
}

say start from nothing
ipvsadm -C
ipvsadm --clear
ipvsadm
ipvsadm -v >version.txt || exit 1
ipvsadm --version >version.txt || exit 1
cut -c 1-13 version.txt
ipvsadm -h >help.txt || exit 1
ipvsadm --help >help.txt || exit 1
ipvsadm --set 30 5 60

say web, by masquerading
ipvsadm -A -t $VIP:80 -s rr
for real in $REALS; do
  ipvsadm -a -t $VIP:80 -r $real:8080 -m -w 1 || echo "could not add $real"
done
ipvsadm --add-service --tcp-service $VIP:443 --scheduler wlc --persistent 300 --netmask 255.255.255.0
ipvsadm --add-server --tcp-service $VIP:443 --real-server 10.0.0.2:443 --masquerading --weight 3
ipvsadm -a -t $VIP:443 -r 10.0.0.3 -g
ipvsadm --add-server -t $VIP:443 -r 10.0.0.9 --gatewaying

say names, by direct routing and tunnels
ipvsadm -A -u vip:domain -s sh -b sh-fallback,sh-port -o
ipvsadm -a -u vip:domain -r web:domain -i
ipvsadm --add-service --udp-service $VIP:69 --sched-flags mh-port -s mh --ops
ipvsadm --add-server --udp-service $VIP:69 -r 10.0.0.3 --ipip --tun-type ipip
ipvsadm -a -u $VIP:69 -r 10.0.0.9 -i --tun-type gue --tun-port 6080 --tun-remcsum
ipvsadm -a -u $VIP:69 -r 10.0.0.5 -i --tun-type=gue --tun-port=6080 --tun-nocsum
ipvsadm -a -u $VIP:69 -r 10.0.0.6 -i --tun-type gre --tun-csum
ipvsadm -A --sctp-service $VIP:9000 -s sed
ipvsadm -a --sctp-service $VIP:9000 -r 10.0.0.2:9000 -m -w0
ipvsadm -A -u $VIP:5060 -p 60 --pe sip -s mh -b mh-fallback

say IPv6
ipvsadm -A -t [$VIP6]:80 -s wrr -p -M 64
ipvsadm -a -t [$VIP6]:80 -r [2001:db8:1::2]:80 -w 5
ipvsadm -a -t [$VIP6]:80 -r 10.0.0.2 -i

say firewall marks
ipvsadm -A -f 1 -s lblc
ipvsadm -a -f 1 -r 10.0.0.2 -g
ipvsadm --add-service --fwmark-service 2 --ipv6 -s nq
ipvsadm -A -f 3 -6 -s fo
ipvsadm -a -f 3 -6 -r 2001:db8:1::3 -m -w 2147483647

say look at it
ipvsadm
ipvsadm -L
ipvsadm -Ln
ipvsadm -l -n --sort
ipvsadm --list --numeric --nosort | sort
ipvsadm -Ln --stats
ipvsadm -Ln --stats --exact
ipvsadm -Ln --rate -X
ipvsadm -Ln --thresholds
ipvsadm -Ln --persistent-conn
ipvsadm -Ln --tun-info
ipvsadm -Ln -t $VIP:443
ipvsadm -Lcn
ipvsadm -L --connection
ipvsadm -L --timeout
ipvsadm -L --daemon

say save, clear and restore
ipvsadm -S >named.rules
ipvsadm --save -n >numbers.rules
ipvsadm-save -n | cmp - numbers.rules && echo 'ipvsadm-save agrees'
ipvsadm-save | cmp - named.rules && echo 'ipvsadm-save agrees with names, too'
cat named.rules numbers.rules
ipvsadm -C
ipvsadm -R <numbers.rules
ipvsadm -Sn | cmp - numbers.rules && echo 'the table is the same'
ipvsadm -C
ipvsadm --restore <named.rules
ipvsadm -Sn | cmp - numbers.rules && echo 'the table is the same'
ipvsadm-restore <numbers.rules
ipvsadm -Sn | cmp - numbers.rules && echo 'the table is the same'

say maintenance
ipvsadm -E -t $VIP:80 -s wrr
ipvsadm --edit-service -u $VIP:5060 -p 120
ipvsadm -e -t $VIP:80 -r 10.0.0.2:8080 -m -w 0
ipvsadm --edit-server -t $VIP:80 -r 10.0.0.3:8080 -m -w 7 --u-threshold 100 --l-threshold 50
ipvsadm -e -t $VIP:80 -r 10.0.0.9:8080 -m -x 20 -y 10
ipvsadm -Z
ipvsadm --zero -t $VIP:80
ipvsadm -Ln --thresholds
ipvsadm -e -t $VIP:80 -r 10.0.0.3:8080 -m -w 7
ipvsadm -d -t $VIP:80 -r 10.0.0.9:8080
ipvsadm --delete-server -t $VIP:443 -r 10.0.0.9
ipvsadm -D -f 2 -6
ipvsadm --delete-service --sctp-service $VIP:9000
ipvsadm --set 0 0 90

say synchronisation
ipvsadm -d -t [$VIP6]:80 -r 10.0.0.2
ipvsadm --start-daemon master --mcast-interface lo --syncid 7
ipvsadm --start-daemon backup --mcast-interface lo --syncid 9 --sync-maxlen 1400 --mcast-group 239.1.2.3 \\
  --mcast-port 8850 --mcast-ttl 2
ipvsadm -L --daemon
ipvsadm --stop-daemon backup
ipvsadm --stop-daemon=master --syncid 7
ipvsadm --start-daemon=master --mcast-interface lo
ipvsadm -L --daemon
ipvsadm -L --timeout

say what goes wrong in scripts
refused ipvsadm -A -t $VIP:80
refused ipvsadm -a -t $VIP:80 -r 10.0.0.2:8080 -m
refused ipvsadm -d -t $VIP:80 -r 10.0.0.9
refused ipvsadm -D -f 99
refused ipvsadm -L -f 99
refused ipvsadm -A -t nowhere.invalid:80
refused ipvsadm -A -t $VIP
refused ipvsadm --stop-daemon backup
refused ipvsadm -A -s rr
refused ipvsadm -nL
refused ipvsadm -L --nosuch

say the end
ipvsadm -Sn
`;

const installed = new Installed();
const lab = new Lab('script', { underTest: installed });
after(() => {
  installed.close();
});
await nameHosts(lab.shell);
const path = join(lab.shell.directory, 'director.sh');
writeFileSync(path, script);

lab.table('a script that uses everything says and does the same with either program', [
  { title: 'director.sh', programName: 'sh', argv: [path], says: 'the table is the same' },
]);

/** The ways to type a command or option: each long name, each short one alone or at the start of a bundle. */
function uses({ long, short }: Spelling): RegExp[] {
  return [
    new RegExp(`--${long}\\b(?!-)`),
    // -l and -L, as well as -L with more letters
    ...short.map((name) => new RegExp(`^[^#]*ipvsadm.* -([A-Za-z]*${name}[A-Za-z]*|${name}\\S*)`, 'm')),
  ];
}

test('the script types every command and option in every spelling', () => {
  const missing = [...commandSpellings, ...optionSpellings]
    // The original, which runs the script too, does not know it.
    .filter(({ long }) => long !== 'json' && long !== 'proc')
    .flatMap(uses)
    .filter((pattern) => !pattern.test(script))
    .map(String);
  assert.deepEqual(missing, []);
});

test('our help names every command and option that the help of the original names', async () => {
  const [reference] = await lab.reference.run([{ argv: ['-h'] }]);
  const [ours] = await installed.run([{ argv: ['-h'] }]);
  assert.equal(ours?.status, reference?.status);
  assert.equal(ours?.stderr, '');
  const named = (text = ''): string[] => [...new Set(text.match(/(?<![\w-])--?[A-Za-z\d][\w-]*/g) ?? [])];
  const all = named(reference?.stdout);
  assert.ok(all.length > 60, `only ${all.length} words that start with a dash`);
  const known = new Set(named(ours.stdout));
  assert.deepEqual(
    all.filter((word) => !known.has(word)),
    [],
  );
});
