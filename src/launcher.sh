#!/bin/sh
# lb-agent's launcher. `check` is answered here, without starting Node: keepalived asks it every second, and a Node
# start costs 31 ms of CPU and 43 MB each time. Everything else goes to the bundle beside this file.
# POSIX sh: dash starts in 1 ms, bash in 3, and an image without bash can run it.

# lb-agent check [--runtime DIR] [--health-port PORT]: 0 = HAProxy on this node serves, 1 = it does not.
# keepalived may count exit codes 126 and 127 as success, so every path ends in 0, 1 or 2.
check() {
  runtime=/run/lb-agent port=8405
  while [ $# -gt 0 ]; do
    case $1 in
      --runtime) runtime=${2-} ;;
      --health-port) port=${2-} ;;
      -h | --help)
        printf '%s\n' 'lb-agent check [--runtime DIR] [--health-port PORT]: exit code 0 when HAProxy on this node serves, 1 when it does not'
        exit 0
        ;;
      # keepalived.conf may still be another version's: what that one wants besides must not move a VIP.
      -?*)
        printf '%s\n' "lb-agent check: option $1 is not known to this version" >&2
        case ${2-} in
          '' | -*)
            shift
            continue
            ;;
        esac
        ;;
      *)
        printf '%s\n' "lb-agent check: $1 is no option" >&2
        exit 2
        ;;
    esac
    [ $# -ge 2 ] || exit 2
    shift 2
  done
  case $port in '' | *[!0-9]* | ??????*) exit 2 ;; esac

  if fresh_heartbeat; then
    if gate_is_open; then exit 0; fi
    # keepalived watches the gate by itself, and opens at once with it, unless this has said no meanwhile. So a HAProxy
    # that is back after a moment gets a second look.
    command -p sleep 0.6 2>/dev/null
    if gate_is_open; then exit 0; else exit 1; fi
  fi
  ask_haproxy
  # 0 and 1 are its answer; anything else says that the question could not be asked.
  case $? in 0) exit 0 ;; 1) exit 1 ;; esac
  look_for_haproxy
}

gate_is_open() {
  gate=
  if [ -f "$runtime/vrrp/gate" ]; then read -r gate <"$runtime/vrrp/gate"; fi
  [ "$gate" = 1 ]
}

# The agent writes the clock of /proc/uptime into `heartbeat` every half second: seconds since boot, with two decimals.
# Setting the time of day does not touch it. While the last one is younger than 1.2 s, the agent's verdict in `gate` counts.
fresh_heartbeat() {
  [ -f "$runtime/heartbeat" ] && [ -r /proc/uptime ] || return
  beat= now=
  read -r beat <"$runtime/heartbeat"
  read -r now _ </proc/uptime
  hundredths "$beat" && beat=$value && hundredths "$now" && [ "$beat" -le "$value" ] && [ $((value - beat)) -lt 120 ]
}

# 12345.67 -> 1234567 in `value`; false for anything else. At most twelve characters, so that every shell can count with it.
hundredths() {
  case $1 in
    *[!0-9.]* | *.*.* | 0* | ?????????????*) return 1 ;;
    ?*.[0-9][0-9]) value=${1%.*}${1#*.} ;;
    *) return 1 ;;
  esac
}

# The agent is dead or hung. 0: HAProxy answers, 1: it does not, anything else: there is no bash, or no way to use it.
# A child instead of exec, because a failed exec would end this shell with 126 or 127.
ask_haproxy() {
  [ -d /dev/fd/ ] || return 2
  for bash in /bin/bash /usr/bin/bash ''; do
    [ -n "$bash" ] || bash=$(command -v bash)
    if [ -x "$bash" ]; then LC_ALL=C "$bash" --norc --noprofile -p -c "$CONNECT" lb-agent-check "$(ports)" "$REQUEST" 2>/dev/null; return; fi
  done
  return 2
}

# That of the keepalived.conf that keepalived has read. An agent that died while it moved HAProxy to another one has left both
# in `health-ports`, with a blank between.
ports() {
  both=
  if [ -f "$runtime/health-ports" ] && [ -r "$runtime/health-ports" ]; then read -r both <"$runtime/health-ports"; fi
  case $both in
    '' | *[!0-9\ ]* | ????????????????????*) printf %s "$port" ;;
    *) printf %s "$port $both" ;;
  esac
}

# Twice, because HAProxy may be starting again. Together less than the second after which keepalived runs the next check:
# 2.2.7 starts it even if this one is still running.
CONNECT='
serves() {
  # A stopped HAProxy accepts connections until its backlog is full. From then on connect() itself waits for seconds, hence
  # a process of its own.
  exec 4< <(exec 3<>"/dev/tcp/127.0.0.1/$1" && exec /bin/sh -c "$2")
  asking=$! answer=
  read -r -t 0.35 -u 4 answer
  kill -9 $asking
  exec 4<&-
  [[ $answer == serves ]]
}
anywhere() {
  for port in $ports; do serves "$port" "$request" && return; done
  return 1
}
ports=$1 request=$2
anywhere || { command -p sleep 0.15; anywhere; } || exit 1
exit 0
'
# By sh, because bash writes each line by itself, and the second would wait 40 ms for the acknowledgement of the first.
REQUEST='
printf "GET /alive HTTP/1.1\r\nHost: lb-agent\r\nConnection: close\r\n\r\n" >&3
read -r line <&3
case $line in "HTTP/1.1 200"*) echo serves ;; esac
'

# HAProxy cannot be asked. The death of an agent must move no VIP, so only a process that is known to be gone counts; a
# gate that was closed stays closed without us.
look_for_haproxy() {
  for file in "$runtime/haproxy.pid" /run/haproxy.pid /run/haproxy/haproxy.pid; do
    [ -f "$file" ] && [ -r "$file" ] || continue
    pid=
    read -r pid <"$file"
    # Empty while HAProxy reloads; and rubbish is no evidence.
    case $pid in '' | *[!0-9]* | 0* | ????????*) exit 0 ;; esac
    if kill -0 "$pid" || [ -d "/proc/$pid" ]; then exit 0; else exit 1; fi
  done 2>/dev/null
  exit 0
}

# lb-agent release-vips [FILE]: takes the addresses that FILE, a keepalived.conf, names off this node. For the unit of a
# keepalived that was killed and left them behind: two nodes would answer. With a keepalived that runs it does nothing.
release_vips() {
  case ${1-} in
    -h | --help)
      printf '%s\n' 'lb-agent release-vips [FILE]: takes the addresses that FILE (/etc/keepalived/keepalived.conf), a keepalived.conf, names off this node; does nothing while keepalived runs'
      exit 0
      ;;
    -*)
      printf '%s\n' "lb-agent release-vips: unknown option $1" >&2
      exit 2
      ;;
  esac
  file=${1:-/etc/keepalived/keepalived.conf}
  PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
  if keepalived_runs || ! [ -f "$file" ]; then exit 0; fi
  set -f
  block='' failures=0
  while read -r line || [ -n "$line" ]; do
    for word in $line; do
      case $word in
        '#'* | '!'*) break ;;
        virtual_ipaddress | virtual_ipaddress_excluded) block=announced ;;
        '{') if [ "$block" = announced ]; then block=open; fi ;;
        '}') block='' ;;
        *[!0-9a-fA-F.:/]*) ;;
        *[.:]*) if [ "$block" = open ]; then release "${word%%/*}"; fi ;;
      esac
    done
  done <"$file"
  exit "$failures"
}

# A keepalived in this network namespace, whoever started it and wherever its pid file is. In doubt there is one: what
# cannot be told (no /proc, a hidden one, another user's namespace) must not take a VIP off that is held.
keepalived_runs() {
  [ -r /proc/1/stat ] || return 0
  # The children of one that was killed need a moment to end, and take their addresses off themselves.
  for look in 1 2 3 4 5; do
    keepalived_lives || return 1
    [ "$look" = 5 ] || command -p sleep 0.1 || return 0
  done
} 2>/dev/null

# /proc/PID/stat: pid (name) state ... A dead one that its parent has not reaped is Z.
keepalived_lives() {
  here=$(readlink /proc/self/ns/net)
  for process in /proc/[0-9]*; do
    name= state=
    read -r _ name state _ <"$process/stat" || continue
    case $name,$state in
      *,[ZXx]) ;;
      '(keepalived'*)
        there=$(readlink "$process/ns/net")
        if [ -z "$here" ] || [ -z "$there" ] || [ "$there" = "$here" ]; then return 0; fi
        ;;
    esac
  done
  return 1
}

# Asked for without its prefix, so that no other address of the same network matches. What ip prints of each:
# 2: eth0    inet 10.17.5.10/32 scope global eth0 ...
release() {
  set -- $(ip -o address show to "$1")
  while [ $# -ge 4 ]; do
    case $1 in
      *[!0-9:]*) ;;
      [0-9]*:)
        if ip address del "$4" dev "$2"; then
          echo "lb-agent: took $4 off $2: keepalived has left it behind"
        else
          failures=1
        fi
        ;;
    esac
    shift
  done
}

case ${1-} in
  check | release-vips)
    verb=$1
    shift
    if [ "$verb" = check ]; then check "$@"; else release_vips "$@"; fi
    ;;
esac

self=$(readlink -f -- "$0") || self=$0
directory=${self%/*}
export LB_AGENT_LAUNCHER="$self"
# The daemon makes little garbage and has one busy thread: a small young generation and one malloc arena keep a third off
# its resident memory.
flags=
if [ "${1-}" = run ]; then
  flags=--max-semi-space-size=1
  export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
fi
for node in "${LB_AGENT_NODE-}" "$directory/node" "$directory/../node_modules/.bin/node"; do
  if [ -n "$node" ] && [ -x "$node" ]; then exec "$node" $flags "$directory/lb-agent.mjs" "$@"; fi
done

node=$(command -v node) || {
  echo 'lb-agent: Node.js is not installed; install Node.js 24 or newer, or name one: LB_AGENT_NODE=/path/to/node' >&2
  exit 2
}
version=$("$node" --version)
major=${version#v}
major=${major%%.*}
if ! [ "$major" -ge 24 ] 2>/dev/null; then
  echo "lb-agent: $node is $version; lb-agent needs Node.js 24 or newer. Name one: LB_AGENT_NODE=/path/to/node" >&2
  exit 2
fi
exec "$node" $flags "$directory/lb-agent.mjs" "$@"
