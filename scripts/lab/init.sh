#!/bin/bash
# Process 1 of a lab, either of user-mode Linux or of a private process namespace of the machine's own kernel (LAB_KERNEL).
# LAB_RUN is a directory shared with kernel.mjs: `command` (working directory, then argv) and `environ` come from there,
# `status` goes there, and so do `out` and `err` of a command in user-mode Linux, whose modules are in LAB_MODULES. LAB_BARE,
# LAB_NO_IPVS and LAB_TTY (rows x columns of the terminal, if the command is to have one) are options.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
schedulers=(rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos)
fstab="
proc                  /mnt/root/proc            proc      nosuid,nodev,noexec 0 0
sys                   /mnt/root/sys             sysfs     nosuid,nodev,noexec 0 0
dev                   /mnt/root/dev             devtmpfs  mode=755 0 0
pts                   /mnt/root/dev/pts         devpts    X-mount.mkdir,gid=5,mode=620,ptmxmode=666 0 0
shm                   /mnt/root/dev/shm         tmpfs     X-mount.mkdir 0 0
run                   /mnt/root/run             tmpfs     mode=755 0 0
${LAB_MODULES// /\\\\040} /mnt/root/usr/lib/modules none  bind,X-mount.mkdir 0 0
"

fail() {
  echo "lab: $*" >&2
  [[ $LAB_KERNEL == host ]] && exit 1
  power_off
}

power_off() {
  echo o >/proc/sysrq-trigger
  exec sleep 60 # the power goes off a moment later, and process 1 must not end before
}

# The command sees the machine's files through an overlay whose upper layer is memory: it can write everywhere, and nothing
# reaches the disk. One fstab and one mount command, because starting a program is expensive in user-mode Linux.
enter_overlay() {
  mount -t proc proc /proc &&
    insmod "$LAB_MODULES/$(</proc/sys/kernel/osrelease)/kernel/fs/overlayfs/overlay.ko" &&
    mount -t tmpfs lab /mnt &&
    mkdir /mnt/upper /mnt/work /mnt/root &&
    mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work lab /mnt/root || fail 'no overlay'
  echo "$fstab" >/mnt/fstab
  mount -a -T /mnt/fstab || fail 'could not mount the file systems'
  # pivot_root and not chroot: the kernel's own request for a module must see the same /lib/modules.
  cd /mnt/root && pivot_root . mnt && umount -l /mnt && cd / || fail 'could not change the root'
  # fd, stdin, stdout and stderr
  cp -d /proc/self/fd/6/dev/* /dev || fail 'could not complete /dev'
}

# The machine's kernel: its files are visible as they are, only /tmp and /run are our own. A checkout or a node in one of
# those two (LAB_KEEP, one directory a line) is put back.
enter_namespace() {
  local directory keep target kept=() fd
  mapfile -t keep <<<"$LAB_KEEP"
  mount -t sysfs -o nosuid,nodev,noexec sys /sys # for /sys/class/net; a container may refuse, which does no harm
  for directory in /tmp /run; do
    kept=()
    for target in "${keep[@]}"; do
      [[ $target == "$directory" ]] && continue 2
      if [[ $target == "$directory"/* ]]; then
        exec {fd}<"$target" && kept+=("$fd" "$target")
      fi
    done
    mount -t tmpfs -o mode=1777 lab "$directory" || fail "could not mount $directory"
    for ((i = 0; i < ${#kept[@]}; i += 2)); do
      mkdir -p "${kept[i + 1]}" && mount -c --bind "/proc/self/fd/${kept[i]}" "${kept[i + 1]}" || fail "could not keep ${kept[i + 1]}"
      fd=${kept[i]}
      exec {fd}<&-
    done
  done
}

configure() {
  echo lab >/proc/sys/kernel/hostname
  # Addresses given to an interface are usable at once, without the second of duplicate detection.
  local file
  for file in /proc/sys/net/ipv6/conf/{all,default}/accept_dad; do
    [[ -e $file ]] && echo 0 >"$file"
  done
  ip link set lo up || fail 'no loopback'
  if [[ $LAB_NO_IPVS ]]; then
    mount -t tmpfs none "/lib/modules/$(</proc/sys/kernel/osrelease)/kernel/net/netfilter/ipvs" || fail 'could not hide ip_vs'
  elif [[ ! $LAB_BARE ]]; then
    # Which schedulers exist depends on the kernel, so only ip_vs itself must succeed.
    modprobe -aq ip_vs "${schedulers[@]/#/ip_vs_}" ip_vs_pe_sip
    [[ -e /proc/net/ip_vs ]] || fail 'could not load ip_vs'
  fi
}

# When `report.request` appears, `report` gets what every process is doing: its state, its parent, its words, and where in the
# kernel it is.
# No program is started for that: there may be no memory left for one.
report_processes() {
  local clock process words state parent
  exec {clock}<> <(:)
  until [[ -e /proc/self/fd/6/report.request ]]; do read -rt 1 <&"$clock"; done
  for process in /proc/[0-9]*; do
    mapfile -d '' -t words <"$process/cmdline"
    ((${#words[@]} > 0)) || continue # one of the kernel's own
    read -r state <"$process/stat"
    read -r state parent _ <<<"${state##*) }"
    echo "process ${process#/proc/} of $parent, state $state: ${words[*]}"
    echo "$(<"$process/stack")"
  done >/proc/self/fd/6/report
  echo >/proc/self/fd/6/report.end
}

# Standard input arrives in pieces, each a file of its own (in.0, in.1, ...), and in.end marks the end.
feed() {
  local directory=/proc/self/fd/6 next=0 clock
  exec {clock}<> <(:)
  while :; do
    if [[ -e $directory/in.$next ]]; then
      cat "$directory/in.$next" || return
      ((next += 1))
    elif [[ -e $directory/in.end ]]; then
      [[ -e $directory/in.$next ]] || return
    else
      read -rt 0.05 <&"$clock" # a sleep without a program
    fi
  done
}

# Only returns if the command could not be started. The arguments are a program to start it with.
start() {
  local words environment
  mapfile -d '' -t words </proc/self/fd/6/command
  mapfile -d '' -t environment </proc/self/fd/6/environ
  cd "${words[0]}" || return
  words=("${words[@]:1}")
  # env would read a word with "=" as a variable
  [[ ${words[0]} == *=* ]] && words=(nice -n 0 "${words[@]}")
  exec 6<&-
  exec "$@" env -i "${environment[@]}" "${words[@]}"
}

run_on_host() {
  # The shell's own message about a command that died by a signal is not the command's output.
  exec 7>&2 2>/dev/null
  (start 2>&7 7>&-)
}

run_in_uml() {
  local out err keepers process status
  if [[ $LAB_TTY ]]; then
    stty -F /dev/tty1 rows "${LAB_TTY%x*}" cols "${LAB_TTY#*x}"
    (start setsid -c <>/dev/tty1 1>&0 2>&0)
    return
  fi
  # Pipes and not the files themselves: a command that opens /dev/stdout again must not truncate what was written.
  exec 7> >(exec cat >/proc/self/fd/6/out)
  out=$!
  exec 8> >(exec cat >/proc/self/fd/6/err)
  err=$!
  if [[ -e /proc/self/fd/6/stdin ]]; then
    exec 9< <(feed 7>&- 8>&-)
  else
    exec 9</dev/null
  fi
  (start 0<&9 1>&7 2>&8 7>&- 8>&- 9<&-)
  status=$?
  exec 7>&- 8>&- 9<&-
  # Whatever the command left behind could hold the pipes open for ever.
  for process in /proc/[0-9]*; do
    process=${process#/proc/}
    [[ $process == "$out" || $process == "$err" ]] || kill -KILL "$process"
  done 2>/dev/null
  wait "$out" "$err"
  return "$status"
}

exec 6<"$LAB_RUN"
if [[ $LAB_KERNEL == host ]]; then
  enter_namespace
  configure
  report_processes </dev/null &>/dev/null &
  run_on_host
  status=$?
  echo "$status" >/proc/self/fd/6/status
  exit "$status"
fi
enter_overlay
configure
report_processes </dev/null &>/dev/null &
run_in_uml
echo "$?" >/proc/self/fd/6/status
power_off
