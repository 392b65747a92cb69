#!/bin/sh
# Start-up script of a real server: what the kernel has to know before it takes connections for a virtual address that the
# director has, too.
#
#   realserver.sh start | stop | restart | status
#
# Change the settings here or give them in the environment. `start` can be repeated; `stop` undoes what `start` did and
# nothing else. Modules that were loaded stay.

# The virtual addresses, one or more, IPv4 or IPv6.
VIP=${VIP-192.0.2.80}
# How the director reaches this server: nat, dr (direct routing) or tun (a tunnel).
FORWARDING=${FORWARDING-dr}
# With nat: the director's address here, which becomes the default gateway; empty: the gateway is right already.
GATEWAY=${GATEWAY-}
# With tun: ipip, gre or gue, what it goes over (4: IPv4, 6: IPv6; empty: the same as the VIP), and the port of gue.
TUNNEL=${TUNNEL-ipip}
TUNNEL_OVER=${TUNNEL_OVER-}
TUNNEL_PORT=${TUNNEL_PORT-6080}
# What `stop` has to undo is noted here. Not on disk: after a start of the machine there is nothing to undo.
STATE=${STATE-/run/realserver}
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

# 4 or 6
family() {
  case $1 in
  *:*) echo 6 ;;
  *) echo 4 ;;
  esac
}

check_settings() {
  case $FORWARDING in
  nat) [ -z "$GATEWAY" ] || over=$(family "$GATEWAY") ;;
  dr | tun) [ "$VIP" ] || fail 'VIP is empty' 2 ;;
  *) fail "FORWARDING is nat, dr or tun, not $FORWARDING" 2 ;;
  esac
  case $TUNNEL in
  ipip | gre | gue) ;;
  *) fail "TUNNEL is ipip, gre or gue, not $TUNNEL" 2 ;;
  esac
  case $TUNNEL_OVER in
  '' | 4 | 6) ;;
  *) fail "TUNNEL_OVER is 4 or 6, not $TUNNEL_OVER" 2 ;;
  esac
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

# Notes the command that undoes a step, before the step is done.
note() {
  echo "$*" >>"$STATE/undo"
}

# The VIP gets a full-length mask: with a shorter one, the server would take the whole network for its own. The kernel makes
# the host route to it by itself.
add_vip() {
  [ -z "$(ip -o address show dev "$2" to "$1")" ] || return 0
  case $1 in
  *:*) add_length=128 ;;
  *) add_length=32 ;;
  esac
  note "address del $1/$add_length dev $2"
  run ip address add "$1/$add_length" dev "$2"
}

# This server must not answer ARP requests for the VIP: only the director does. IPv6 needs nothing: there a host replies
# only for addresses of the interface that is asked.
silence_arp() {
  for silence_device in all lo; do
    change_setting "net/ipv4/conf/$silence_device/arp_ignore" 1
    change_setting "net/ipv4/conf/$silence_device/arp_announce" 2
  done
}

# The device that what was in a tunnel comes out of, for a VIP.
tunnel_device() {
  case $TUNNEL-$(family "$1")-${TUNNEL_OVER:-$(family "$1")} in
  gre-?-4) echo gre0 ;;
  gre-?-6) echo ip6gre0 ;;
  *-4-4) echo tunl0 ;;
  *-6-4) echo sit0 ;;
  *) echo ip6tnl0 ;;
  esac
}

open_tunnel() {
  open_device=$(tunnel_device "$1")
  case $open_device in
  tunl0) open_module=ipip ;;
  sit0) open_module=sit ;;
  gre0) open_module=ip_gre ;;
  ip6gre0) open_module=ip6_gre ;;
  *) open_module=ip6_tunnel ;;
  esac
  ip link show dev "$open_device" >/dev/null 2>&1 || run modprobe "$open_module"
  if [ "$open_device" = ip6tnl0 ] && [ "$(family "$1")" = 4 ]; then
    open_mode=$(ip -6 tunnel show ip6tnl0 | sed -n 's,^ip6tnl0: \([^ ]*\)/ipv6 .*,\1,p')
    if [ "$open_mode" = ipv6 ]; then
      note '-6 tunnel change ip6tnl0 mode ip6ip6'
      run ip -6 tunnel change ip6tnl0 mode any
    fi
  fi
  if ip link show dev "$open_device" up | grep -q .; then :; else
    note "link set $open_device down"
    run ip link set "$open_device" up
  fi
  # What comes out of the tunnel is from clients, who are somewhere else. 2 and not 0: the larger one of this and `all` counts.
  [ "$(family "$1")" = 6 ] || change_setting "net/ipv4/conf/$open_device/rp_filter" 2
  [ "$TUNNEL" != gue ] || open_gue "${TUNNEL_OVER:-$(family "$1")}"
  add_vip "$1" "$open_device"
}

# The port that datagrams with packets in them come to.
open_gue() {
  # The list has the ports of both families; those of IPv6 end with -6.
  case $1 in
  4) gue_option='' gue_module=fou gue_listed='' ;;
  6) gue_option=-6 gue_module=fou6 gue_listed=' -6' ;;
  esac
  run modprobe "$gue_module"
  if ip fou show | sed 's/ *$//' | grep -qx "port $TUNNEL_PORT gue$gue_listed"; then return; fi
  note "$gue_option fou del port $TUNNEL_PORT"
  # shellcheck disable=SC2086
  run ip $gue_option fou add port "$TUNNEL_PORT" gue
}

# The director has to see the replies, so it is the gateway.
set_gateway() {
  gateway_old=$(ip "-$over" route show default | head -n 1)
  case $gateway_old in
  "default via $GATEWAY "*) return ;;
  '') note "-$over route del default via $GATEWAY" ;;
  *) note "-$over route replace $gateway_old" ;;
  esac
  run ip "-$over" route replace default via "$GATEWAY"
}

start() {
  mkdir -p "$STATE" || fail "could not make $STATE"
  case $FORWARDING in
  nat) [ -z "$GATEWAY" ] || set_gateway ;;
  dr)
    silence_arp
    for address in $VIP; do add_vip "$address" lo; done
    ;;
  tun)
    silence_arp
    for address in $VIP; do open_tunnel "$address"; done
    ;;
  esac
}

# Last step first. What is gone already needs no undoing.
stop() {
  if [ -e "$STATE/undo" ]; then
    sed '1!G;h;$!d' "$STATE/undo" | while read -r undo; do
      [ -z "$VERBOSE" ] || echo "# ip $undo"
      # shellcheck disable=SC2086
      ip $undo 2>/dev/null || [ -z "$VERBOSE" ] || echo 'was undone already'
    done
    rm "$STATE/undo"
  fi
  if [ -e "$STATE/settings" ]; then
    while read -r stop_name stop_old stop_new; do
      # Unless another program has changed it since.
      read -r stop_now <"/proc/sys/$stop_name"
      [ "$stop_now" != "$stop_new" ] || echo "$stop_old" >"/proc/sys/$stop_name"
    done <"$STATE/settings"
    rm "$STATE/settings"
  fi
  [ ! -d "$STATE" ] || rmdir "$STATE"
}

# Exit statuses are those of init scripts: 0 runs, 3 doesn't.
status() {
  [ -d "$STATE" ] || {
    echo 'not started'
    exit 3
  }
  case $FORWARDING in
  nat) ip route show default ;;
  dr) for address in $VIP; do ip -o address show dev lo to "$address"; done ;;
  tun) for address in $VIP; do ip -o address show dev "$(tunnel_device "$address")" to "$address"; done ;;
  esac
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
