#!/bin/sh
# The demo itself: runs as root in the lab, where the kernel's IPVS table, the network and /run are our own (see demo.mjs).
# The namespace that it starts in is the director; the client and the two real servers get one each.

exec 2>&1
vip=192.0.2.80

style() {
  if [ "$FORCE_COLOR" ]; then
    printf '\033[%sm%s\033[0m\n' "$1" "$2"
  else
    echo "$2"
  fi
}

# A heading, and a sentence about what goes on.
step() {
  echo
  style '1' "$1"
  echo "$2"
  echo
}

# Shows a command as it would be typed, and runs it.
run() {
  style '36' "# $1"
  eval "$1" || fail "\"$1\" ended with status $?"
}

fail() {
  style '1;31' "FAILED: $1"
  exit 1
}

# A host with a cable to the director: name, its address, the director's address on that cable.
add_host() {
  ip netns add "$1" &&
    ip link add "$1" type veth peer name eth0 netns "$1" &&
    ip address add "$3/24" dev "$1" &&
    ip link set "$1" up &&
    ip -n "$1" address add "$2/24" dev eth0 &&
    ip -n "$1" link set eth0 up &&
    ip -n "$1" route add default via "$3" || fail "could not set up the network of $1"
}

start_web_server() {
  ip netns exec "$1" node real-server.mjs "$1" >"/run/log/$1" &
  tries=0
  until [ -s "/run/log/$1" ]; do
    [ $((tries += 1)) -le 150 ] || fail "the web server of $1 did not start"
    sleep 0.1
  done
}

# The table as the kernel itself shows it, without the numbers of connections.
kernel_table() {
  sed -E 's/( +[0-9]+){2} *$//' /proc/net/ip_vs
}

mkdir /run/bin /run/log
PATH=/run/bin:$PATH
for name in ipvsadm ipvsadm-save ipvsadm-restore; do
  ln -s "$PROJECT/dist/bin/$name.cjs" "/run/bin/$name"
  # Otherwise the shell would quietly go on to Debian's program of that name.
  [ -x "/run/bin/$name" ] || fail "dist/bin/$name.cjs is not a program"
done
ln -s "$PROJECT/examples/ipvs.server.sh" /run/bin

step '1. A client, a director, two real servers' \
  "The client knows one address, $vip (the virtual IP, VIP). The director hands
each connection that arrives there over to one of two web servers."
cat <<END
                                              .-->  web1  10.0.1.2
  client  ---------->  director  ------------<
  192.0.2.10           $vip  (VIP)      '-->  web2  10.0.2.2
END
add_host client 192.0.2.10 192.0.2.1
ip address add $vip/32 dev lo
add_host web1 10.0.1.2 10.0.1.1
add_host web2 10.0.2.2 10.0.2.1
start_web_server web1
start_web_server web2

step '2. The start-up script of the director' \
  'It adds a virtual service (-A), whose connections go to its real servers in turn
(-s rr), and the two servers (-a), reached by rewriting addresses, NAT (-m).'
run 'ipvsadm -v'
run 'VERBOSE=yes SCHEDULER=rr ipvs.server.sh start'

step '3. The table' \
  'This is what the kernel will do from now on; nobody has connected yet.'
run 'ipvsadm -Ln'

step '4. Twelve requests' \
  'The client fetches the same page twelve times; a web server replies with its name.'
run "ip netns exec client node client.mjs http://$vip/ 12 web1 web2"

step '5. The connections' \
  'The kernel remembers for a while which server each connection belonged to.'
run 'ipvsadm -Lcn'

step '6. The counters' \
  'Connections, packets and bytes in both directions: of the service, and of each
server. The kernel adds them up every two seconds, so we have waited for that.'
sleep 3
run 'ipvsadm -Ln --stats'

step '7. Save, clear, restore' \
  'The table is in memory only: a file keeps it for the next start of the machine.'
before=$(kernel_table)
run 'ipvsadm-save -n > /run/ipvsadm.rules'
run 'cat /run/ipvsadm.rules'
run 'ipvsadm -C'
run 'ipvsadm -Ln'
[ "$(kernel_table)" != "$before" ] || fail 'the table was not cleared'
run 'ipvsadm-restore < /run/ipvsadm.rules'
run 'ipvsadm-save -n | diff /run/ipvsadm.rules -'
[ "$(kernel_table)" = "$before" ] || fail 'the restored table is not the saved one'
style '32' 'The table is the same as before.'

if ipvsadm status >/dev/null 2>&1; then
  step '8. An overview for people' \
    'The original has no such command. Before we look, web2 gets the weight 0: it keeps
its connections, but no new ones come, as before maintenance.'
  run "ipvsadm -e -t $vip:80 -r 10.0.2.2:80 -m -w 0"
  run 'ipvsadm status'
fi

echo
style '1;32' 'All went well: 12 requests, 6 answered by each server; saved and restored unchanged.'
