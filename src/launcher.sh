#!/bin/bash
# lb-agent's launcher. `check` is answered here, without starting Node: keepalived asks it every second, and a Node
# start costs 31 ms of CPU and 43 MB each time. Everything else goes to the bundle beside this file.

# lb-agent check [--runtime DIR] [--health-port PORT]: 0 = HAProxy on this node serves, 1 = it does not.
# keepalived counts exit codes 126 and 127 as success, so every path ends in 0, 1 or 2.
check() {
  local runtime=/run/lb-agent port=8405 gate beat now line
  while (($# > 0)); do
    case $1 in
      --runtime) runtime=${2-} ;;
      --health-port) port=${2-} ;;
      -h | --help)
        echo 'lb-agent check [--runtime DIR] [--health-port PORT]: exit code 0 when HAProxy on this node serves, 1 when it does not'
        exit 0
        ;;
      *)
        echo "lb-agent check: unknown option $1" >&2
        exit 2
        ;;
    esac
    shift 2 || exit 2
  done

  # The agent writes the second of its last look into `heartbeat`. While that is fresh, its verdict in `gate` counts.
  printf -v now '%(%s)T' -1
  if read -r beat 2>/dev/null <"$runtime/heartbeat" && [[ $beat =~ ^[0-9]{1,12}$ ]] && ((now >= beat && now - beat <= 2)); then
    read -r gate 2>/dev/null <"$runtime/vrrp/gate" && [[ $gate == 1 ]]
    exit $(($? != 0))
  fi

  # The agent is dead or hung: ask HAProxy itself. A stopped HAProxy still accepts connections, hence the wait for an answer.
  [[ $port =~ ^[0-9]{1,5}$ ]] || exit 2
  { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || exit 1
  printf 'GET /alive HTTP/1.1\r\nHost: lb-agent\r\nConnection: close\r\n\r\n' >&3 2>/dev/null || exit 1
  IFS= read -r -t 0.5 line <&3 || exit 1
  [[ $line == 'HTTP/1.1 200'* ]]
  exit $(($? != 0))
}

if [[ ${1-} == check ]]; then
  shift
  check "$@"
fi

self=$(readlink -f -- "${BASH_SOURCE[0]}")
directory=${self%/*}
export LB_AGENT_LAUNCHER=$self
# The daemon makes little garbage and has one busy thread: a small young generation and one malloc arena keep a third off
# its resident memory.
flags=()
if [[ ${1-} == run ]]; then
  flags=(--max-semi-space-size=1)
  export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
fi
for node in "${LB_AGENT_NODE-}" "$directory/node" "$directory/../node_modules/.bin/node"; do
  [[ -n $node && -x $node ]] && exec "$node" "${flags[@]}" "$directory/lb-agent.mjs" "$@"
done

node=$(type -P node) || {
  echo 'lb-agent: Node.js is not installed; install Node.js 24 or newer, or name one: LB_AGENT_NODE=/path/to/node' >&2
  exit 2
}
version=$("$node" --version)
major=${version#v}
if ((${major%%.*} < 24)); then
  echo "lb-agent: $node is $version; lb-agent needs Node.js 24 or newer. Name one: LB_AGENT_NODE=/path/to/node" >&2
  exit 2
fi
exec "$node" "${flags[@]}" "$directory/lb-agent.mjs" "$@"
