/** Two checks, each for what the other one must not do. `keepalived -t` accepts them. */
export const CHECKS_THAT_SEE = `global_defs {
    enable_script_security
    script_user root
}
# HAProxy itself, dead or hung: this node takes no part any more. haproxy.cfg has for it
#     frontend alive
#         mode http
#         bind 127.0.0.1:8404
#         monitor-uri /alive
vrrp_script haproxy_answers {
    script "/usr/bin/curl -fsm1 -o /dev/null http://127.0.0.1:8404/alive"
    interval 1
    fall 2
    rise 2
    weight 0
}
# The servers behind it: a node that reaches one goes before a node that reaches none. Not weight 0: when the
# servers are down for all nodes, no node would hold the address. Outweighs priorities that are less than 60 apart.
vrrp_script servers_answer {
    script "/usr/bin/curl -fskm1 -o /dev/null https://127.0.0.1:6443/readyz"
    interval 1
    fall 2
    rise 2
    weight -60
}
# And in each vrrp_instance, without nopreempt:
#     track_script {
#         haproxy_answers
#         servers_answer
#     }
`
