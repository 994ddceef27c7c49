#!/bin/bash
# Asks the health page of the balancer on this node.
response=$(curl -s -o /dev/null -w '%{http_code}' --max-time 1 http://127.0.0.1:8080/haproxy_health)
[ "$response" = 200 ]
