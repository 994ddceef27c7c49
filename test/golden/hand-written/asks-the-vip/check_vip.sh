#!/bin/sh
VIP=10.40.0.10
curl -fsk --max-time 1 "https://$VIP:6443/readyz" -o /dev/null || exit 1
