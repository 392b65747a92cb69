#!/bin/sh
# Start-up script of a director: one virtual service, whose connections go to the real servers in turn.

VIP=192.0.2.80
PORT=80
REAL_SERVERS="10.0.1.2 10.0.2.2"

case "$1" in
start)
  # The director is the way from the real servers to the clients, too.
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ipvsadm -C || exit
  ipvsadm --set 30 5 60 || exit
  ipvsadm -A -t $VIP:$PORT -s rr || exit
  for RIP in $REAL_SERVERS; do
    ipvsadm -a -t $VIP:$PORT -r $RIP:$PORT -m -w 1 || exit
  done
  ;;
stop)
  ipvsadm -C
  ;;
*)
  echo "usage: $0 start|stop" >&2
  exit 2
  ;;
esac
