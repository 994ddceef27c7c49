#!/bin/sh

fail() {
    echo "*** $*" 1>&2
    exit 1
}

curl -sfk --max-time 2 https://localhost:6443/healthz -o /dev/null || fail "no answer from https://localhost:6443/healthz"
if ip addr | grep -q 172.16.40.10; then
    curl -sfk --max-time 2 https://172.16.40.10:6443/healthz -o /dev/null || fail "no answer from https://172.16.40.10:6443/healthz"
fi
