#!/bin/sh
# Start-up script of a director: one virtual address, one or more ports, and the real servers behind them.
#
#   ipvs.server.sh start | stop | restart | status
#
# Change the settings here or give them in the environment. `start` can be repeated; `stop` undoes what `start` did and
# nothing else. The IPVS table belongs to this script: it is cleared by both. The real servers need realserver.sh.

# The virtual address, IPv4 or IPv6, and its ports, one or more. Port 0 is all ports and needs PERSISTENCE.
VIP=${VIP-192.0.2.80}
PORT=${PORT-80}
# tcp, udp or sctp.
PROTOCOL=${PROTOCOL-tcp}
# The real servers, each with its weight if that isn't 1: 10.0.1.2=3.
REAL_SERVERS=${REAL_SERVERS-10.0.1.2 10.0.2.2}
# How they are reached: nat, dr (direct routing) or tun (tunnels).
FORWARDING=${FORWARDING-nat}
# With nat: the real servers' own port, where it is another one.
SERVER_PORT=${SERVER_PORT-}
# With tun: the kind of tunnel, if not ipip, such as: --tun-type gue --tun-port 6080
TUNNEL=${TUNNEL-}
SCHEDULER=${SCHEDULER-wlc}
# Seconds that a client stays at the same real server; empty: it doesn't.
PERSISTENCE=${PERSISTENCE-}
# Seconds after which idle connections are forgotten: TCP, TCP after a FIN, UDP.
TIMEOUTS=${TIMEOUTS-900 120 300}
# The interface that is given the VIP; empty: another program does that, keepalived for example.
INTERFACE=${INTERFACE-}
# What `stop` has to undo is noted here. Not on disk: after a start of the machine there is nothing to undo.
STATE=${STATE-/run/ipvs.server}
# Anything: show the commands.
VERBOSE=${VERBOSE-}

PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set -u

fail() {
  echo "$0: $1" >&2
  exit "${2-1}"
}

run() {
  [ -z "$VERBOSE" ] || echo "# $*"
  "$@" || fail "this failed: $*"
}

# An address and a port as ipvsadm takes them.
endpoint() {
  case $1 in
  *:*) echo "[$1]:$2" ;;
  *) echo "$1:$2" ;;
  esac
}

check_settings() {
  [ "$VIP" ] || fail 'VIP is empty' 2
  [ "$PORT" ] || fail 'PORT is empty' 2
  case $PROTOCOL in
  tcp) service=-t ;;
  udp) service=-u ;;
  sctp) service=--sctp-service ;;
  *) fail "PROTOCOL is tcp, udp or sctp, not $PROTOCOL" 2 ;;
  esac
  case $FORWARDING in
  nat) method=-m ;;
  dr) method=-g ;;
  tun) method=-i ;;
  *) fail "FORWARDING is nat, dr or tun, not $FORWARDING" 2 ;;
  esac
  [ -z "$SERVER_PORT" ] || [ "$FORWARDING" = nat ] || fail 'only nat can change the port: SERVER_PORT has to be empty' 2
  [ -z "$TUNNEL" ] || [ "$FORWARDING" = tun ] || fail 'TUNNEL is only for FORWARDING=tun' 2
}

# Writes a kernel setting and notes what it was: setting, its value.
change_setting() {
  [ -e "/proc/sys/$1" ] || fail "this kernel has no setting $1"
  read -r change_old <"/proc/sys/$1"
  [ "$change_old" != "$2" ] || return 0
  echo "$1 $change_old $2" >>"$STATE/settings"
  [ -z "$VERBOSE" ] || echo "# echo $2 >/proc/sys/$1"
  echo "$2" >"/proc/sys/$1" || fail "could not set $1 to $2"
}

# Puts back what change_setting changed, unless another program has changed it since.
restore_settings() {
  [ -e "$STATE/settings" ] || return 0
  while read -r restore_name restore_old restore_new; do
    read -r restore_now <"/proc/sys/$restore_name"
    [ "$restore_now" != "$restore_new" ] || echo "$restore_old" >"/proc/sys/$restore_name"
  done <"$STATE/settings"
  rm "$STATE/settings"
}

add_vip() {
  # Only where no interface has it yet: what we haven't added is not ours to remove.
  [ -z "$(ip -o address show to "$VIP")" ] || return 0
  echo "$VIP $INTERFACE" >"$STATE/address"
  case $VIP in
  # Deprecated, so that it isn't chosen as the source of tunnels: real servers would drop those as their own.
  *:*) run ip address add "$VIP/128" dev "$INTERFACE" nodad preferred_lft 0 ;;
  *) run ip address add "$VIP/32" dev "$INTERFACE" ;;
  esac
}

remove_vip() {
  [ -e "$STATE/address" ] || return 0
  read -r remove_address remove_interface <"$STATE/address"
  if [ "$(ip -o address show dev "$remove_interface" to "$remove_address")" ]; then
    case $remove_address in
    *:*) run ip address del "$remove_address/128" dev "$remove_interface" ;;
    *) run ip address del "$remove_address/32" dev "$remove_interface" ;;
    esac
  fi
  rm "$STATE/address"
}

# The director is the way from the real servers to the clients, too.
prepare_nat() {
  case $VIP in
  *:*) change_setting net/ipv6/conf/all/forwarding 1 ;;
  *)
    change_setting net/ipv4/ip_forward 1
    # Where router and real servers are on one network, the kernel would redirect the servers straight to the router.
    change_setting net/ipv4/conf/all/send_redirects 0
    for real_server in $REAL_SERVERS; do
      interface=$(ip -o route get "${real_server%%=*}" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
      [ -z "$interface" ] || change_setting "net/ipv4/conf/$interface/send_redirects" 0
    done
    ;;
  esac
}

start() {
  mkdir -p "$STATE" || fail "could not make $STATE"
  if [ -e "$STATE/address" ]; then
    read -r old_address _ <"$STATE/address"
    [ "$old_address" = "$VIP" ] || remove_vip
  fi
  [ "$FORWARDING" != nat ] || prepare_nat
  run ipvsadm -C
  # Several words each: the lists are split at blanks.
  # shellcheck disable=SC2086
  run ipvsadm --set $TIMEOUTS
  for port in $PORT; do
    run ipvsadm -A $service "$(endpoint "$VIP" "$port")" -s "$SCHEDULER" ${PERSISTENCE:+-p "$PERSISTENCE"}
    for real_server in $REAL_SERVERS; do
      case $real_server in
      *=*) weight=${real_server#*=} ;;
      *) weight=1 ;;
      esac
      # shellcheck disable=SC2086
      run ipvsadm -a $service "$(endpoint "$VIP" "$port")" -r "$(endpoint "${real_server%%=*}" "${SERVER_PORT:-$port}")" \
        $method $TUNNEL -w "$weight"
    done
  done
  # Last: who has the VIP gets connections.
  [ -z "$INTERFACE" ] || add_vip
}

stop() {
  remove_vip
  run ipvsadm -C
  restore_settings
  [ ! -d "$STATE" ] || rmdir "$STATE"
}

# Exit statuses are those of init scripts: 0 runs, 3 doesn't.
status() {
  for port in $PORT; do
    ipvsadm -Ln $service "$(endpoint "$VIP" "$port")" 2>/dev/null || {
      echo "$PROTOCOL $(endpoint "$VIP" "$port") is not there"
      exit 3
    }
  done
}

case ${1-} in
start | stop | restart | status) [ "$(id -u)" = 0 ] || fail 'only root can do that' 4 ;;
*)
  echo "usage: $0 start|stop|restart|status" >&2
  exit 2
  ;;
esac
check_settings
case $1 in
restart)
  stop
  start
  ;;
*) "$1" ;;
esac
