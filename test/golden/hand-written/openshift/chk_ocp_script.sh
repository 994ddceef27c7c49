#!/bin/bash
set -e
/usr/bin/curl -o /dev/null -kLfs https://localhost:9445/readyz && [ -e /var/run/keepalived/iptables-rule-exists ]
