#!/bin/bash
set -e
/usr/bin/curl -o /dev/null -Lfs http://localhost:1936/healthz/ready
