#!/bin/bash
set -e
/usr/bin/curl -o /dev/null -kLfs https://localhost:9445/readyz || /usr/bin/curl -o /dev/null -kLfs https://localhost:6443/readyz
